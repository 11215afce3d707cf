"""Users and access rules of a cluster: described, made, removed. For the jobs that run as its super user."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from shared.messaging.access_rule import AccessRule
from shared.messaging.kafka.connection import connection, kafka_errors, translated
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings

# As Kafka itself wants at least; the passwords are long random words, which no number of rounds makes harder to guess.
SCRAM_ROUNDS = 4096


class AccessControl:
    """The users and rules of a cluster. A right change needs a moment until every broker knows it."""

    def __init__(self, settings: KafkaSettings) -> None:
        with translated("cannot reach Kafka"):
            self._admin = KafkaAdminClient(**connection(settings, "refill-access"), request_timeout_ms=30_000)

    def rules(self) -> set[AccessRule]:
        """Every rule of the cluster, whoever made it."""
        everything = ACLFilter(
            None,
            None,
            ACLOperation.ANY,
            ACLPermissionType.ANY,
            ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
        )
        with translated("reading the access rules"):
            found, _ = self._admin.describe_acls(everything)
        return {_rule(acl) for acl in found}

    def allow(self, rules: Collection[AccessRule]) -> None:
        """Make these rules; those that exist stay. Raises KafkaProblem when the broker refuses one."""
        if not rules:
            return
        acls = [_acl(rule) for rule in sorted(rules)]
        with translated("making access rules"):
            failed = self._admin.create_acls(acls)["failed"]
        if failed:
            raise KafkaProblem(f"making access rules: {failed[0].__name__} at {len(failed)} of {len(acls)}")

    def remove(self, rules: Collection[AccessRule]) -> None:
        """Remove these rules, and no other."""
        if not rules:
            return
        filters = [_acl(rule) for rule in sorted(rules)]
        with translated("removing access rules"):
            answers = self._admin.delete_acls(filters)
        failed = [error for _, _, error in answers if error is not kafka_errors.NoError]
        if failed:
            raise KafkaProblem(f"removing access rules: {failed[0].__name__} at {len(failed)} of {len(filters)}")

    def users(self) -> set[str]:
        """The names of all who have a password for SCRAM-SHA-512."""
        with translated("reading the users"):
            described = self._admin.describe_user_scram_credentials()
        return {
            name
            for name, told in described.items()
            if any(each["mechanism"] == ScramMechanism.SCRAM_SHA_512 for each in told["credential_infos"])
        }

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Make these users for SCRAM-SHA-512, or give them these passwords. Connections that stand go on."""
        wanted = [
            UserScramCredentialUpsertion(name, ScramMechanism.SCRAM_SHA_512, password, iterations=SCRAM_ROUNDS)
            for name, password in passwords.items()
        ]
        with translated("making users"):
            answers = self._admin.alter_user_scram_credentials(wanted)
        refused = sorted(name for name, error in answers.items() if error)
        if refused:
            raise KafkaProblem(f"making users: the broker refused {', '.join(refused)}")

    def close(self) -> None:
        self._admin.close()


def _rule(acl: ACL) -> AccessRule:
    resource = acl.resource_pattern
    return AccessRule(
        acl.principal,
        acl.operation.name,
        resource.resource_type.name,
        resource.resource_name,
        resource.pattern_type.name,
        acl.permission_type.name,
        acl.host,
    )


def _acl(rule: AccessRule) -> ACL:
    """As the client wants it; a rule of its own is also the filter that finds it alone."""
    resource = ResourcePattern(ResourceType[rule.kind], rule.name, ACLResourcePatternType[rule.pattern])
    return ACL(rule.principal, rule.host, ACLOperation[rule.operation], ACLPermissionType[rule.permission], resource)
