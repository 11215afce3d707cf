"""Workspaces and members in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg.rows import class_row

from services.billing.domain.workspace import Member, Workspace
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from shared.postgres.queries import load

C = TypeVar("C", WorkspaceChanged, MemberChanged)

QUERIES = load(Path(__file__).with_name("sql") / "directory.sql")


class Directory:
    """This service's own projection of the directory (B2)."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self, workspace_ids: Iterable[str]) -> None:
        """Hold these workspaces until commit: everything about one of them happens in one order."""
        self._connection.execute(QUERIES["lock_workspaces"], {"workspace_ids": sorted(set(workspace_ids))})

    def store_workspaces(self, changes: Iterable[WorkspaceChanged]) -> None:
        """Keep the newest of each; `changes` in log order."""
        newest = _newest(changes)
        self._connection.execute(
            QUERIES["store_workspaces"],
            {
                "workspace_ids": [change.workspace_id for change in newest],
                "plans": [change.plan for change in newest],
                "statuses": [change.status for change in newest],
                "customer_ids": [change.processor_customer_id for change in newest],
                "payment_method_ids": [change.payment_method_id for change in newest],
                "versions": [change.version for change in newest],
            },
        )

    def store_members(self, changes: Iterable[MemberChanged]) -> None:
        """Keep the newest of each; `changes` in log order."""
        newest = _newest(changes)
        self._connection.execute(
            QUERIES["store_members"],
            {
                "workspace_ids": [change.workspace_id for change in newest],
                "user_ids": [change.user_id for change in newest],
                "roles": [change.role for change in newest],
                "versions": [change.version for change in newest],
            },
        )

    def remove_workspaces(self, workspace_ids: Iterable[str]) -> None:
        """Mark them gone; what was bought there stays."""
        self._connection.execute(QUERIES["remove_workspaces"], {"workspace_ids": sorted(set(workspace_ids))})

    def remove_members(self, members: Iterable[tuple[str, str]]) -> None:
        """Mark them as having left."""
        pairs = sorted(set(members))
        self._connection.execute(
            QUERIES["remove_members"],
            {"workspace_ids": [workspace for workspace, _ in pairs], "user_ids": [user for _, user in pairs]},
        )

    def workspace(self, workspace_id: str) -> Workspace | None:
        """None when the directory has not shown it yet."""
        with self._connection.cursor(row_factory=class_row(Workspace)) as cursor:
            return cursor.execute(QUERIES["workspace"], {"workspace_id": workspace_id}).fetchone()

    def members(self, workspace_id: str, user_ids: Iterable[str]) -> Mapping[str, Member]:
        """Those of `user_ids` that the directory has shown, removed ones among them."""
        wanted = {"workspace_id": workspace_id, "user_ids": sorted(set(user_ids))}
        with self._connection.cursor(row_factory=class_row(Member)) as cursor:
            return {member.user_id: member for member in cursor.execute(QUERIES["members"], wanted)}


def _newest(changes: Iterable[C]) -> list[C]:
    """One statement may touch a row once; in the order of the keys, so that two transactions cannot deadlock."""
    newest: dict[str, C] = {}
    for change in changes:
        known = newest.get(change.key())
        if known is None or known.version < change.version:
            newest[change.key()] = change
    return [newest[key] for key in sorted(newest)]
