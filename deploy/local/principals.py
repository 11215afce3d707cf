"""Everyone who speaks to one Kafka cluster, and how each proves its name."""

import hashlib
import hmac
from dataclasses import dataclass, replace

from pydantic import SecretStr

from deploy.kafka.rights import SUPER_USER
from shared.contracts.catalog import PARTIES
from shared.messaging.settings import KafkaSettings


@dataclass(frozen=True)
class Principals:
    """The super user's settings, and from them everyone else's.

    The parties' passwords are derived from the super user's, so that every process that may make worlds knows them
    without sharing a file, and many worlds on one broker agree.
    """

    admin: KafkaSettings

    def settings(self, name: str) -> KafkaSettings:
        """How a party of the catalog, or `admin`, reaches Kafka."""
        if name == SUPER_USER:
            return self.admin
        return replace(self.admin, username=name, password=SecretStr(self.password(name)))

    def passwords(self) -> dict[str, str]:
        """By party."""
        return {party: self.password(party) for party in PARTIES}

    def password(self, party: str) -> str:
        """Of a party of the catalog."""
        known = self.admin.password
        assert known is not None, "the super user has no password"
        return hmac.new(known.get_secret_value().encode(), f"kafka {party}".encode(), hashlib.sha256).hexdigest()


def password_variable(party: str) -> str:
    """Where the jobs and the command line look for the password of a party."""
    return f"REFILL_{party.replace('-', '_').upper()}_KAFKA_PASSWORD"
