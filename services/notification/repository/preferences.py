"""What people want by email, and what their unsubscribe links are known by."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import psycopg

from shared.contracts.notification import NoticeKind
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("preferences.sql"))


class Preferences:
    """The tables `preferences` and `unsubscribe_tokens`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def set(self, user_id: str, kind: NoticeKind, by_email: bool) -> None:
        """From now on, notices of this kind come by email or do not."""
        self._connection.execute(QUERIES["set_preference"], {"user_id": user_id, "kind": kind, "by_email": by_email})

    def wants_email(self, user_id: str, kind: NoticeKind) -> bool:
        """Whether the person wants emails of this kind; yes unless told otherwise."""
        row = self._connection.execute(QUERIES["wants_email"], {"user_id": user_id, "kind": kind}).fetchone()
        assert row is not None, "a query without a table has one row"
        return bool(row[0])

    def token_of(self, user_id: str) -> UUID | None:
        """What the person's unsubscribe links carry; None before the first mail."""
        row = self._connection.execute(QUERIES["find_token"], {"user_id": user_id}).fetchone()
        return row[0] if row else None

    def token_for_a_mail(self, user_id: str) -> UUID:
        """The same, made if need be."""
        if (token := self.token_of(user_id)) is None:
            # Of two mails at once one makes it, and the other waits for that.
            self._connection.execute(QUERIES["make_token"], {"user_id": user_id})
            token = self.token_of(user_id)
        assert token is not None, "it was made"
        return token
