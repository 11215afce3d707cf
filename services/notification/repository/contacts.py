"""How people are called and reached: the only table with personal data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg

from services.notification.domain.delivery import Contact
from services.notification.repository.versions import newest_of
from shared.contracts.workspace import ContactChanged
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("contacts.sql"))


class Contacts:
    """The table `contacts`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def put(self, changed: Iterable[ContactChanged]) -> None:
        """Keep the newest of each; an older version than the stored one changes nothing."""
        newest = newest_of(changed)
        self._connection.execute(
            QUERIES["put_contacts"],
            {
                "user_ids": [contact.user_id for contact in newest],
                "names": [contact.name for contact in newest],
                "emails": [contact.email for contact in newest],
                "languages": [contact.language for contact in newest],
                "versions": [contact.version for contact in newest],
            },
        )

    def erase(self, user_id: str) -> None:
        """Name and address are gone at once. Notices keep the id, which says nothing about the person."""
        self._connection.execute(QUERIES["erase_contact"], {"user_id": user_id})

    def of(self, user_id: str) -> Contact | None:
        """The person's contact; None when it never came."""
        row = self._connection.execute(QUERIES["find_contact"], {"user_id": user_id}).fetchone()
        return Contact(name=row[0], email=row[1], language=row[2]) if row else None

    def names_of(self, user_ids: Iterable[str]) -> Mapping[str, str]:
        """The names that are known of these people, as they typed them."""
        rows = self._connection.execute(QUERIES["find_names"], {"user_ids": sorted(set(user_ids))})
        return dict(rows.fetchall())
