"""What was told to whom, in-app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from services.notification.domain.notice import Notice, Told, after
from shared.contracts.notification import NoticeKind, NoticeState
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("notices.sql"))


class Notices:
    """The table `notices`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def add(self, notices: Sequence[Notice]) -> dict[UUID, Told]:
        """Write the notices; those that stand already are left as they are. Returns the new ones (N4)."""
        if not notices:
            return {}
        with self._connection.cursor(row_factory=class_row(Told)) as cursor:
            added = cursor.execute(QUERIES["add_notices"], _columns(notices)).fetchall()
        return {told.notice_id: told for told in added}

    def settle(self, workspace_id: str, about_id: str, kind: NoticeKind, now: datetime) -> list[Told]:
        """Everybody's notices of `kind` about one thing are settled; returns those that nobody had handled (A6)."""
        keys = {"workspace_id": workspace_id, "about_id": about_id, "kind": kind}
        with self._connection.cursor(row_factory=class_row(Told)) as cursor:
            settled = cursor.execute(QUERIES["lock_unsettled_notices"], keys).fetchall()
        if settled:
            values = {"notice_ids": [told.notice_id for told in settled], "now": now}
            self._connection.execute(QUERIES["settle_notices"], values)
        return [told for told in settled if told.state != "handled"]

    def any_unsettled(self, workspace_id: str, about_id: str, kind: NoticeKind) -> bool:
        """Whether anybody was told this and not yet of its end; putting the notice aside does not end it."""
        keys = {"workspace_id": workspace_id, "about_id": about_id, "kind": kind}
        row = self._connection.execute(QUERIES["is_any_unsettled"], keys).fetchone()
        return bool(row and row[0])

    def lock_of_person(self, user_id: str, notice_ids: Iterable[str]) -> list[Told]:
        """Those of these notices that are this person's, locked."""
        keys = {"user_id": user_id, "notice_ids": sorted(set(notice_ids))}
        with self._connection.cursor(row_factory=class_row(Told)) as cursor:
            return cursor.execute(QUERIES["lock_notices_of_person"], keys).fetchall()

    def mark(self, locked: Iterable[Told], state: NoticeState, now: datetime) -> list[Told]:
        """Bring locked notices into the state that their person wants; returns those that moved."""
        moved = [told for told in locked if after(told.state, state) != told.state]
        if moved:
            values = {"notice_ids": [told.notice_id for told in moved], "state": state, "now": now}
            self._connection.execute(QUERIES["mark_notices"], values)
        return moved

    def of_person(self, user_id: str) -> list[Told]:
        """All that one person was told, oldest first."""
        with self._connection.cursor(row_factory=class_row(Told)) as cursor:
            return cursor.execute(QUERIES["list_notices_of_person"], {"user_id": user_id}).fetchall()


def _columns(notices: Sequence[Notice]) -> dict[str, list[object]]:
    return {
        "notice_ids": [notice.notice_id for notice in notices],
        "event_sources": [notice.occasion.source for notice in notices],
        "event_ids": [notice.occasion.id for notice in notices],
        "user_ids": [notice.user_id for notice in notices],
        "workspace_ids": [notice.occasion.workspace_id for notice in notices],
        "kinds": [notice.kind for notice in notices],
        "wordings": [notice.wording for notice in notices],
        "about_ids": [notice.about_id for notice in notices],
        "facts": [Jsonb(notice.facts) for notice in notices],
        "occurred_ats": [notice.occasion.occurred_at for notice in notices],
    }
