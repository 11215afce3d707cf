"""Windows in which emails of one kind to one person are collected (N5)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from services.notification.domain.digest import BEHIND_AT_MOST, WINDOW, Window, digest_opened_by
from services.notification.domain.notice import Notice
from shared.contracts.notification import NoticeKind
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("digests.sql"))
FOLDED: NoticeKind = "top_up_requested"  # the kind of which there are storms


class Digests:
    """The table `digests`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock_window(self, workspace_id: str, user_id: str) -> Window | None:
        """The open window of this person, locked: nobody closes it before this transaction ends."""
        with self._connection.cursor(row_factory=class_row(Window)) as cursor:
            keys = {"workspace_id": workspace_id, "user_id": user_id}
            return cursor.execute(QUERIES["lock_window"], keys).fetchone()

    def is_behind(self, workspace_id: str, user_id: str, now: datetime, digest_id: UUID | None = None) -> bool:
        """Whether an email of a request to this person is not out yet, besides those of `digest_id` and old ones."""
        keys = {"workspace_id": workspace_id, "user_id": user_id, "digest_id": digest_id, "kind": FOLDED}
        row = self._connection.execute(QUERIES["is_behind"], {**keys, "since": now - BEHIND_AT_MOST}).fetchone()
        return bool(row and row[0])

    def open(self, notice: Notice, now: datetime) -> Window:
        """A new window, from now on. The one before it must be closed: the database has room for one."""
        window = Window(digest_opened_by(notice), now + WINDOW, collecting=False)
        opened = {
            "digest_id": window.digest_id,
            "workspace_id": notice.occasion.workspace_id,
            "user_id": notice.user_id,
            "opened_at": now,
            "ends_at": window.ends_at,
        }
        self._connection.execute(QUERIES["open_digest"], opened)
        return window

    def close(self, digest_id: UUID, now: datetime) -> None:
        """Nothing is added any more."""
        self._connection.execute(QUERIES["close_digest"], {"digest_id": digest_id, "now": now})

    def may_go(self, digest_id: UUID, now: datetime) -> bool:
        """Whether this digest's mail is the next one to its person. One that began to be sent is. Locks the digest."""
        row = self._connection.execute(QUERIES["lock_digest"], {"digest_id": digest_id}).fetchone()
        assert row is not None, "a digest is never deleted"
        workspace_id, user_id, closed = row
        return closed or not self.is_behind(workspace_id, user_id, now, digest_id)
