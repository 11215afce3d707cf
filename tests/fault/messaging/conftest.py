"""The world of the tests of the road."""

from tests.integration.messaging.conftest import world

__all__ = ["world"]
