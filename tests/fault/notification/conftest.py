"""The fixtures of notification's tests at real servers."""

from tests.integration.notification.fixtures import live

__all__ = ["live"]
