"""Workspaces and members as the directory last said."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import psycopg

from services.credit_ledger.domain.books import AccountKey, Register
from services.credit_ledger.domain.directory import Directory, MemberEntry, WorkspaceEntry, register
from services.credit_ledger.domain.eligibility import Workspace
from shared.contracts.workspace import Plan, WorkspaceStatus
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("directory.sql"))

WorkspaceRow = tuple[str, Plan | None, WorkspaceStatus | None, date | None, int, bool]


class DirectoryRows:
    """Rows of `workspaces` and `members`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def share(self, keys: Collection[AccountKey]) -> Register:
        """Lock these members' workspaces for a decision; returns what is known of both."""
        workspaces = self._workspaces("share_workspaces", {workspace_id for workspace_id, _ in keys})
        return register(workspaces, self.members(keys))

    def name_workspaces(self, workspace_ids: Collection[str]) -> None:
        """Make rows to be locked for workspaces that are not known yet."""
        self._connection.execute(QUERIES["name_workspaces"], {"workspace_ids": sorted(workspace_ids)})

    def hold_workspaces(self, workspace_ids: Collection[str]) -> dict[str, WorkspaceEntry]:
        """Lock these workspaces for a change; decisions under way are waited for."""
        return self._workspaces("hold_workspaces", workspace_ids)

    def members(self, keys: Collection[AccountKey]) -> dict[AccountKey, MemberEntry]:
        """The members among these, also those who have left. Their workspaces must be locked."""
        return self._members("members", columns(keys))

    def members_of(self, workspace_ids: Collection[str]) -> dict[AccountKey, MemberEntry]:
        """Everybody in these workspaces, also those who have left."""
        return self._members("members_of_workspaces", {"workspace_ids": sorted(workspace_ids)})

    def write(self, directory: Directory) -> None:
        """What has changed. Every changed workspace must have a row."""
        self._write_workspaces({name: directory.workspaces[name] for name in sorted(directory.changed_workspaces)})
        self._write_members({key: directory.members[key] for key in sorted(directory.changed_members)})

    def _workspaces(self, query: str, workspace_ids: Collection[str]) -> dict[str, WorkspaceEntry]:
        rows = self._connection.execute(QUERIES[query], {"workspace_ids": sorted(workspace_ids)})
        return {row[0]: _entry(row) for row in rows}

    def _members(self, query: str, parameters: dict[str, list[str]]) -> dict[AccountKey, MemberEntry]:
        rows = self._connection.execute(QUERIES[query], parameters)
        return {
            (workspace_id, user_id): MemberEntry(role, version, removed)
            for workspace_id, user_id, role, version, removed in rows
        }

    def _write_workspaces(self, entries: dict[str, WorkspaceEntry]) -> None:
        if not entries:
            return
        workspaces = [entry.workspace for entry in entries.values()]
        parameters: dict[str, list[Any]] = {
            "workspace_ids": list(entries),
            "plans": [workspace and workspace.plan for workspace in workspaces],
            "statuses": [workspace and workspace.status for workspace in workspaces],
            "anchors": [workspace and workspace.cycle_anchor for workspace in workspaces],
            "versions": [entry.version for entry in entries.values()],
            "removed": [entry.removed for entry in entries.values()],
        }
        self._connection.execute(QUERIES["write_workspaces"], parameters)

    def _write_members(self, entries: dict[AccountKey, MemberEntry]) -> None:
        if not entries:
            return
        parameters: dict[str, list[Any]] = {
            **columns(entries),
            "roles": [entry.role for entry in entries.values()],
            "versions": [entry.version for entry in entries.values()],
            "removed": [entry.removed for entry in entries.values()],
        }
        self._connection.execute(QUERIES["write_members"], parameters)


def columns(keys: Iterable[AccountKey]) -> dict[str, list[str]]:
    """Keys of accounts as the two arrays that queries unnest."""
    pairs = list(keys)
    return {"workspace_ids": [pair[0] for pair in pairs], "user_ids": [pair[1] for pair in pairs]}


def _entry(row: WorkspaceRow) -> WorkspaceEntry:
    workspace_id, plan, status, cycle_anchor, version, removed = row
    if plan is None or status is None or cycle_anchor is None:
        return WorkspaceEntry(removed=removed)
    return WorkspaceEntry(Workspace(workspace_id, plan, status, cycle_anchor), version, removed)
