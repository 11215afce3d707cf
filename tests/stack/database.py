"""A test's own database."""

from dataclasses import dataclass

from deploy.local.cluster import Cluster
from deploy.postgres.roles import AUDITOR, migrator, worker


@dataclass(frozen=True)
class Database:
    """A database on the shared server, and its addresses for each role."""

    cluster: Cluster
    name: str

    @property
    def superuser_url(self) -> str:
        return self.cluster.url(self.name)

    @property
    def auditor_url(self) -> str:
        return self.cluster.url(self.name, AUDITOR)

    def worker_url(self, service: str) -> str:
        """For the worker role of `billing`, `credit_ledger` or `notification`."""
        return self.cluster.url(self.name, worker(service))

    def migrator_url(self, service: str) -> str:
        """For the role that owns the service's schema."""
        return self.cluster.url(self.name, migrator(service))

    def environment(self) -> dict[str, str]:
        """The connection strings of every role, as the workers' environment carries them."""
        return self.cluster.environment(self.name)
