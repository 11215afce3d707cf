"""The one place where the service's objects meet."""

from __future__ import annotations

from pathlib import Path

from services.notification.domain.links import Console
from services.notification.handlers import LANES
from services.notification.handlers.email import mail_errands
from services.notification.mailer import Mailer
from services.notification.rendering import Letters
from services.notification.repository import NotificationRepository
from services.notification.settings import NotificationSettings
from shared.messaging.worker import Service

MIGRATIONS = Path(__file__).with_name("migrations")
SCHEMA = "notification"


def notification(settings: NotificationSettings) -> Service[NotificationRepository]:
    """The notification service with these settings."""
    mailer = Mailer(settings.smtp_host, settings.smtp_port, settings.mail_from, settings.smtp_timeout_s)
    letters = Letters(Console(settings.console_url))
    return Service(
        name="notification",
        schema=SCHEMA,
        lanes=LANES,
        repository=NotificationRepository,
        migrations=MIGRATIONS,
        errands=mail_errands(letters, mailer, lease_s=mailer.longest_s),
    )
