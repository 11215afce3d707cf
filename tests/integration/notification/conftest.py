"""The fixtures of notification's tests at a real database."""

from tests.integration.notification.fixtures import notification_connection, stand

__all__ = ["notification_connection", "stand"]
