"""Emails under way. Neither address nor text is kept: both are made anew for each attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row

from services.notification.domain.delivery import Email, Outcome
from services.notification.domain.notice import Notice, Told
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("emails.sql"))

# Outcome of an attempt to the state it leaves the email in; only failures that are final carry their reason.
ENDS: Mapping[Outcome, tuple[str, str | None]] = {
    Outcome.SENT: ("sent", None),
    Outcome.REFUSED_BY_SERVER: ("failed", "refused_by_server"),
    Outcome.NO_ADDRESS: ("failed", "no_address"),
    Outcome.GAVE_UP: ("failed", "gave_up"),
    Outcome.NOT_CONCERNED: ("dropped", None),
    Outcome.NOT_WANTED: ("dropped", None),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one email stands, for people and tests."""

    notice_id: UUID
    state: str
    attempts: int
    failure: str | None


class Emails:
    """The table `emails`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def add(self, due: Iterable[tuple[Notice, Cause]], digests: Mapping[UUID, UUID | None], now: datetime) -> None:
        """One email for each of these notices, which are new. `digests`: with which others it goes out, by notice."""
        rows = list(due)
        self._connection.execute(
            QUERIES["add_emails"],
            {
                "notice_ids": [notice.notice_id for notice, _ in rows],
                "digest_ids": [digests.get(notice.notice_id) for notice, _ in rows],
                "mail_untils": [notice.mail_until for notice, _ in rows],
                "correlation_ids": [cause.correlation_id for _, cause in rows],
                "traceparents": [cause.traceparent for _, cause in rows],
                "now": now,
            },
        )

    def begin_attempt(self, notice_id: UUID) -> tuple[Email, Cause] | None:
        """Take an email to be sent, and what caused it; None when it has come to its end already."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(QUERIES["begin_attempt"], {"notice_id": notice_id}).fetchone()
        return None if row is None else _taken(row)

    def begin_digest(self, digest_id: UUID) -> list[tuple[Email, Cause]]:
        """Take the emails of a digest that are still to be sent, by the time of what they tell."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(QUERIES["begin_digest"], {"digest_id": digest_id}).fetchall()
        return sorted(map(_taken, rows), key=lambda taken: (taken[0].told.occurred_at, taken[0].told.notice_id))

    def wait(self, notice_id: UUID) -> None:
        """The attempt ended without sending anything; there will be another."""
        self._connection.execute(QUERIES["wait_on"], {"notice_id": notice_id})

    def end(self, notice_id: UUID, outcome: Outcome, now: datetime) -> bool:
        """Write down the email's end; False when it had ended before."""
        state, failure = ENDS[outcome]
        end = {"notice_id": notice_id, "state": state, "failure": failure, "now": now}
        return self._connection.execute(QUERIES["end_email"], end).fetchone() is not None

    def of_person(self, user_id: str) -> list[Delivery]:
        """All emails to one person, by the time of what they tell."""
        with self._connection.cursor(row_factory=class_row(Delivery)) as cursor:
            return cursor.execute(QUERIES["list_emails_of_person"], {"user_id": user_id}).fetchall()


def _taken(row: dict[str, Any]) -> tuple[Email, Cause]:
    cause = Cause(row.pop("event_source"), row.pop("event_id"), row.pop("correlation_id"), row.pop("traceparent"))
    surroundings = {name: row.pop(name) for name in ("created_at", "mail_until", "in_digest")}
    return Email(Told(**row), **surroundings), cause
