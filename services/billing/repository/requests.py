"""Requests in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import DictRow, class_row, dict_row

from services.billing.domain.price import Catalog, Package
from services.billing.domain.request import Request, RequestState
from services.billing.repository.moved import NotWhereItWas
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "requests.sql")


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request about to be stored, with the command it came from."""

    request_id: str
    workspace_id: str
    asker_id: str
    package: Package
    catalog: Catalog
    content_hash: bytes
    requested_at: datetime
    expires_at: datetime
    cause: Cause


class Requests:
    """Requests, each read under its lock."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self, request_id: str) -> Request | None:
        """The request, held until commit."""
        return self._one("lock_request", {"request_id": request_id})

    def open_of(self, workspace_id: str, asker_id: str) -> Request | None:
        """The asker's open request, if any (A5), held until commit."""
        return self._one("open_request_of", {"workspace_id": workspace_id, "asker_id": asker_id})

    def insert(self, new: NewRequest) -> bool:
        """Store it as requested; false when the id is taken, in whatever workspace."""
        inserted = self._connection.execute(
            QUERIES["insert_request"],
            {
                "request_id": new.request_id,
                "workspace_id": new.workspace_id,
                "asker_id": new.asker_id,
                "package_id": new.package.package_id,
                "credits": new.package.credits,
                "price_minor": new.package.price_minor,
                "currency": new.package.currency,
                "catalog_version": new.catalog.version,
                "content_hash": new.content_hash,
                "expires_at": new.expires_at,
                "requested_at": new.requested_at,
                "cause_source": new.cause.source,
                "cause_id": new.cause.id,
                "correlation_id": new.cause.correlation_id,
                "traceparent": new.cause.traceparent,
            },
        )
        return inserted.rowcount == 1

    def move(self, request: Request, to: RequestState, purchase_id: str | None = None) -> None:
        """Take the request from the state it was read in to `to`; `purchase_id` names who claims or fulfils it.

        Raises `NotWhereItWas`.
        """
        moved = self._connection.execute(
            QUERIES["move_request"],
            {"request_id": request.request_id, "from": request.state, "to": to, "purchase_id": purchase_id},
        )
        if moved.rowcount != 1:
            raise NotWhereItWas(f"request {request.request_id} is no longer {request.state}")

    def cause(self, request_id: str) -> Cause:
        """The command that made the request."""
        with self._connection.cursor(row_factory=class_row(Cause)) as cursor:
            cause = cursor.execute(QUERIES["request_cause"], {"request_id": request_id}).fetchone()
        assert cause is not None
        return cause

    def workspaces_of(self, request_ids: Iterable[str]) -> list[str]:
        """The workspaces to lock before these requests are."""
        rows = self._connection.execute(QUERIES["workspaces_of_requests"], {"request_ids": list(request_ids)})
        return [workspace_id for (workspace_id,) in rows]

    def _one(self, query: str, values: dict[str, str]) -> Request | None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(QUERIES[query], values).fetchone()
        return None if row is None else _request(row)


def _request(row: DictRow) -> Request:
    return Request(**{**row, "state": RequestState(row["state"])})
