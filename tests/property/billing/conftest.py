"""The till of the integration tests: handlers on a real database, with the real gateway and the sandbox."""

from tests.integration.billing.conftest import billing_database, database, sandbox, settings, till

__all__ = ["billing_database", "database", "sandbox", "settings", "till"]
