"""The fixtures of notification's tests at real servers."""

from tests.integration.notification.fixtures import live, notification_connection, stand

__all__ = ["live", "notification_connection", "stand"]
