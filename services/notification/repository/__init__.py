"""The service's tables, by noun, bound to one transaction. Each noun's SQL stands beside it in its own file."""

from __future__ import annotations

import psycopg

from services.notification.repository.contacts import Contacts
from services.notification.repository.digests import Digests
from services.notification.repository.directory import Directory
from services.notification.repository.emails import Emails
from services.notification.repository.matters import Matters
from services.notification.repository.notices import Notices
from services.notification.repository.preferences import Preferences


class NotificationRepository:
    """Everything the handlers read and write, inside the transaction that `connection` is in."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.directory = Directory(connection)
        self.contacts = Contacts(connection)
        self.notices = Notices(connection)
        self.emails = Emails(connection)
        self.digests = Digests(connection)
        self.matters = Matters(connection)
        self.preferences = Preferences(connection)
