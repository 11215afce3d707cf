"""This service's copy of the directory: workspaces by name, members by role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg

from services.notification.domain.members import Deciders
from services.notification.repository.versions import newest_of
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("directory.sql"))


class Directory:
    """The tables `workspaces` and `members`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def put_workspaces(self, changed: Iterable[WorkspaceChanged]) -> None:
        """Keep the newest of each; an older version than the stored one changes nothing."""
        newest = newest_of(changed)
        self._connection.execute(
            QUERIES["put_workspaces"],
            {
                "workspace_ids": [workspace.workspace_id for workspace in newest],
                "names": [workspace.name for workspace in newest],
                "versions": [workspace.version for workspace in newest],
            },
        )

    def remove_workspace(self, workspace_id: str) -> None:
        """The workspace is gone: its name goes, and nobody is told because of a role in it any more."""
        self._connection.execute(QUERIES["remove_workspace"], {"workspace_id": workspace_id})

    def put_members(self, changed: Iterable[MemberChanged]) -> None:
        """Keep the newest of each; an older version than the stored one changes nothing."""
        newest = newest_of(changed)
        self._connection.execute(
            QUERIES["put_members"],
            {
                "workspace_ids": [member.workspace_id for member in newest],
                "user_ids": [member.user_id for member in newest],
                "roles": [member.role for member in newest],
                "versions": [member.version for member in newest],
            },
        )

    def remove_member(self, workspace_id: str, user_id: str) -> None:
        """The person left the workspace. Coming back takes a newer version."""
        self._connection.execute(QUERIES["remove_member"], {"workspace_id": workspace_id, "user_id": user_id})

    def deciders(self, workspace_ids: Iterable[str]) -> Mapping[str, Deciders]:
        """Owner and admins of each workspace of which anything is known yet. A removed one has nobody.

        A workspace without any decider is left out as if unknown: its members come under other keys, maybe later.
        """
        wanted = sorted(set(workspace_ids))
        found: dict[str, Deciders] = {}
        for workspace_id, removed, user_id, role in self._connection.execute(
            QUERIES["find_deciders"], {"workspace_ids": wanted}
        ):
            if removed:
                found[workspace_id] = Deciders()
            elif user_id is not None:
                found.setdefault(workspace_id, Deciders()).roles[user_id] = role
        return found

    def name_of(self, workspace_id: str) -> str | None:
        """The workspace's name as people typed it; None when it is unknown or removed."""
        row = self._connection.execute(QUERIES["find_workspace_name"], {"workspace_id": workspace_id}).fetchone()
        return row[0] if row else None

    def role_of(self, workspace_id: str, user_id: str) -> str | None:
        """The person's present role; None when there is none (any more)."""
        keys = {"workspace_id": workspace_id, "user_id": user_id}
        row = self._connection.execute(QUERIES["find_role"], keys).fetchone()
        return row[0] if row else None
