"""Makes the catalog's users and rights: `python -m deploy.kafka.access apply`, or `check` that they are exactly so.

Both run as Kafka's super user: `REFILL_KAFKA_BOOTSTRAP`, `REFILL_KAFKA_SECURITY_PROTOCOL`,
`REFILL_KAFKA_SASL_MECHANISM`, `REFILL_KAFKA_USERNAME` and `REFILL_KAFKA_PASSWORD` are the super user's,
`REFILL_TOPIC_PREFIX` as for the workers, and `REFILL_<PARTY>_KAFKA_PASSWORD` is what each party shall prove its name
with: `apply` needs them all and sets them, so that it also changes a password. No password is printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping

from pydantic import Field, SecretStr

from deploy.kafka.acceptance import refusals
from deploy.kafka.rights import reaching_in, rules, too_much
from shared.contracts.catalog import PARTIES
from shared.messaging.access_rule import AccessRule
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.kafka import AccessControl
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import EXIT_CODE, ClientSettings, KafkaSettings, load_settings

KNOWN_WITHIN_S = 60.0  # within some 10 ms; a machine that does much else takes longer, and to fail stops a whole start
LOOK_AGAIN_S = 0.02


class AccessSettings(ClientSettings):
    """The super user's way to Kafka, and the parties' passwords."""

    upstream_kafka_password: SecretStr = Field(
        description="the password of upstream, who writes directory and contacts"
    )
    products_kafka_password: SecretStr = Field(description="the password of products, which write usage")
    edge_kafka_password: SecretStr = Field(description="the password of the edge, which alone writes top-up commands")
    operator_kafka_password: SecretStr = Field(description="the password of operators, who write operators' commands")
    billing_kafka_password: SecretStr = Field(description="the password of the billing worker")
    credit_ledger_kafka_password: SecretStr = Field(description="the password of the credit-ledger worker")
    notification_kafka_password: SecretStr = Field(description="the password of the notification worker")

    def passwords(self) -> dict[str, str]:
        """By party."""
        return {party: self._password(party).get_secret_value() for party in PARTIES}

    def _password(self, party: str) -> SecretStr:
        password: SecretStr = getattr(self, f"{party.replace('-', '_')}_kafka_password")
        return password


def apply(kafka: KafkaSettings, passwords: Mapping[str, str]) -> list[str]:
    """Make users and rights exactly the catalog's, and wait until the brokers know them. Says what it did.

    When it returns, every broker that is up lets everybody in under the password given here, and not under an earlier
    one: whoever is restarted next finds the door open. Raises KafkaProblem, also when that takes too long, Weather.
    """
    control = AccessControl(kafka)
    try:
        control.set_passwords(passwords)
        wanted, found = rules(kafka.prefix), control.rules()
        missing, extra = wanted - found, too_much(found, kafka.prefix)
        control.remove(extra)
        control.allow(missing)
        _wait_until(lambda: _is_so(control, kafka.prefix, extra), "its new users and access rules")
        _wait_until_taken(kafka, passwords)
    finally:
        control.close()
    told = [f"removed: {rule}" for rule in sorted(extra)]
    return [*told, f"{len(passwords)} users, {len(wanted)} rules, {len(missing)} of them new, {len(extra)} removed"]


def withdraw(kafka: KafkaSettings) -> None:
    """Remove every rule under the prefix, which must not be empty: a world that shared the cluster is gone."""
    assert kafka.prefix, "without a prefix the rules of the whole system would go"
    control = AccessControl(kafka)
    try:
        _wait_until(lambda: _is_empty(control, kafka.prefix), "that access rules are gone")
    finally:
        control.close()


def problems(kafka: KafkaSettings) -> list[str]:
    """What is not as the catalog says, one sentence each; empty when all is well. Raises KafkaProblem, Weather."""
    control = AccessControl(kafka)
    try:
        users, found = control.users(), control.rules()
    finally:
        control.close()
    return [
        *(f"no user {party} with SCRAM-SHA-512" for party in PARTIES if party not in users),
        *(f"missing: {rule}" for rule in sorted(rules(kafka.prefix) - found)),
        *(f"too much: {rule}" for rule in sorted(too_much(found, kafka.prefix))),
        *(f"too wide: {rule}" for rule in sorted(reaching_in(found, kafka.prefix))),
    ]


def _problems_that_stay(kafka: KafkaSettings) -> list[str]:
    """After a change: of several brokers the one that is asked now may learn of it later than the one asked before."""
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while (found := problems(kafka)) and time.monotonic() < deadline:
        time.sleep(LOOK_AGAIN_S)
    return found


def _wait_until(holds: Callable[[], bool], what: str) -> None:
    """The controller has decided; the broker that answers here and lets clients in learns of it a moment later."""
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while not holds():
        if time.monotonic() > deadline:
            raise KafkaProblem(f"the broker does not know {what} after {KNOWN_WITHIN_S:g} s")
        time.sleep(LOOK_AGAIN_S)


def _wait_until_taken(kafka: KafkaSettings, passwords: Mapping[str, str]) -> None:
    """Every broker reads the users from the controllers' log in its own time."""
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while refused := refusals(kafka, passwords):
        if time.monotonic() > deadline:
            raise KafkaProblem(
                f"the passwords are set, and after {KNOWN_WITHIN_S:g} s not taken everywhere: {'; '.join(refused)}. "
                "Restart nobody yet: see that every broker follows the controllers, then apply again"
            )
        time.sleep(LOOK_AGAIN_S)


def _is_so(control: AccessControl, prefix: str, removed: set[AccessRule]) -> bool:
    """What the broker had not heard of when it was asked first is removed when it shows, and joins `removed`."""
    found = control.rules()
    extra = too_much(found, prefix)
    control.remove(extra)
    removed |= extra
    return rules(prefix) <= found and not extra and set(PARTIES) <= control.users()


def _is_empty(control: AccessControl, prefix: str) -> bool:
    """Removes what is there: rules that were allowed a moment ago may show only now."""
    found = {rule for rule in control.rules() if rule.name.startswith(prefix)}
    control.remove(found)
    return not found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka.access", description=__doc__)
    parser.add_argument("action", choices=("apply", "check"))
    action = parser.parse_args().action
    try:
        if action == "apply":
            settings = load_settings(AccessSettings)
            kafka = settings.kafka()
            print("\n".join(apply(kafka, settings.passwords())))
            found = _problems_that_stay(kafka)
        else:
            kafka = load_settings(ClientSettings).kafka()
            found = problems(kafka)
    except SettingsProblem as error:
        print(error, file=sys.stderr)
        return EXIT_CODE
    except (KafkaProblem, Weather) as error:
        print(error, file=sys.stderr)
        return 1
    if found:
        print("\n".join(found), file=sys.stderr)
    elif action == "check":
        print(f"users and {len(rules(kafka.prefix))} rules are as the catalog says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
