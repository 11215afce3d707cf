"""Users and rules on a real broker: made as the catalog says, whatever is too much removed, what differs is named."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from deploy.kafka import access
from deploy.kafka.rights import rules
from deploy.local.environment import kafka_environment
from deploy.local.principals import Principals, password_variable
from deploy.local.run_folder import PROJECT
from shared.messaging.access_rule import AccessRule
from shared.messaging.kafka import AccessControl
from shared.messaging.kafka.standing import Standing
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings
from tests.e2e.waiting import wait_until


@pytest.fixture
def kafka(kafka_broker: KafkaSettings) -> Iterator[KafkaSettings]:
    """The super user, with a prefix of this test's own."""
    kafka = replace(kafka_broker, prefix=f"access-{uuid.uuid4().hex[:8]}.")
    yield kafka
    access.withdraw(kafka)


def found(kafka: KafkaSettings) -> set[AccessRule]:
    control = AccessControl(kafka)
    try:
        return {rule for rule in control.rules() if rule.name.startswith(kafka.prefix)}
    finally:
        control.close()


def allow(kafka: KafkaSettings, *wanted: AccessRule) -> None:
    """Returns when the broker, which learns it from the controller, knows it."""
    control = AccessControl(kafka)
    control.allow(wanted)
    wait_until(lambda: set(wanted) <= control.rules(), "the broker knows the rules")
    control.close()


def run(kafka: KafkaSettings, action: str, **more: str) -> subprocess.CompletedProcess[str]:
    passwords = {password_variable(party): word for party, word in Principals(kafka).passwords().items()}
    return subprocess.run(
        [sys.executable, "-m", "deploy.kafka.access", action],
        cwd=PROJECT,
        env={**os.environ, **kafka_environment(kafka), **passwords, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def test_applied_twice_the_rules_are_the_catalogs_once(kafka: KafkaSettings) -> None:
    passwords = Principals(kafka).passwords()
    count = len(rules())
    assert access.apply(kafka, passwords) == [f"7 users, {count} rules, {count} of them new, 0 removed"]
    assert access.apply(kafka, passwords) == [f"7 users, {count} rules, 0 of them new, 0 removed"]
    assert found(kafka) == rules(kafka.prefix)
    assert access.problems(kafka) == []


def test_what_is_too_much_is_named_and_then_removed(kafka: KafkaSettings) -> None:
    access.apply(kafka, Principals(kafka).passwords())
    contacts = kafka.prefix + "workspace.contact.v1"
    extra = [
        AccessRule("User:products", "READ", "TOPIC", contacts),
        AccessRule("User:guest", "ALL", "TOPIC", kafka.prefix, "PREFIXED"),
        AccessRule("User:billing", "READ", "GROUP", f"{kafka.prefix}notification.facts"),
    ]
    allow(kafka, *extra)

    told = access.problems(kafka)
    assert told == [f"too much: {rule}" for rule in sorted(extra)]
    assert f"too much: User:products may READ topic {contacts}" in told

    said = access.apply(kafka, Principals(kafka).passwords())
    assert said[:-1] == [f"removed: {rule}" for rule in sorted(extra)]
    assert found(kafka) == rules(kafka.prefix)


def test_what_is_missing_is_named(kafka: KafkaSettings) -> None:
    told = access.problems(kafka)
    assert len(told) == len(rules())
    assert f"missing: User:edge may WRITE topic {kafka.prefix}billing.top-up.commands.v1" in told
    assert f"missing: User:billing may READ group {kafka.prefix}billing.*" in told


def test_the_rules_of_another_family_are_left_alone(kafka: KafkaSettings) -> None:
    other = replace(kafka, prefix=f"access-{uuid.uuid4().hex[:8]}.")
    access.apply(kafka, Principals(kafka).passwords())
    access.apply(other, Principals(kafka).passwords())
    access.withdraw(other)
    assert found(other) == set()
    assert found(kafka) == rules(kafka.prefix)


def test_a_password_is_changed_by_applying_again(kafka: KafkaSettings) -> None:
    """The edge of a broker that others share keeps its own: this is tried with a user of this test's own."""
    name = f"changing-{uuid.uuid4().hex[:8]}"
    passwords = Principals(kafka).passwords()
    access.apply(kafka, {**passwords, name: "first"})
    first, second = (replace(kafka, username=name, password=SecretStr(word)) for word in ("first", "second"))
    Standing.of(first, [])

    access.apply(kafka, {**passwords, name: "second"})

    Standing.of(second, [])
    with pytest.raises(KafkaProblem, match=f"refuses the password of {name}"):
        Standing.of(first, [])


def test_applying_returns_only_when_the_brokers_take_the_passwords(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the controllers never tell them. Who is refused is named, and no password."""
    name = f"unheard-{uuid.uuid4().hex[:8]}"
    passwords = Principals(kafka).passwords()
    access.apply(kafka, passwords)
    monkeypatch.setattr(AccessControl, "set_passwords", lambda *_: None)
    monkeypatch.setattr(access, "KNOWN_WITHIN_S", 0.1)

    with pytest.raises(KafkaProblem, match=f"not taken everywhere: Kafka at .* {name}") as refused:
        access.apply(kafka, {**passwords, name: "never-set"})

    assert "never-set" not in str(refused.value)


def test_the_program_applies_and_checks_and_prints_no_password(kafka: KafkaSettings) -> None:
    applied, checked = run(kafka, "apply"), run(kafka, "check")
    assert (applied.returncode, applied.stdout) == (
        0,
        f"7 users, {len(rules())} rules, {len(rules())} of them new, 0 removed\n",
    )
    assert (checked.returncode, checked.stdout) == (0, f"users and {len(rules())} rules are as the catalog says\n")
    written = applied.stdout + applied.stderr + checked.stdout + checked.stderr
    assert kafka.password
    assert not [
        word for word in (*Principals(kafka).passwords().values(), kafka.password.get_secret_value()) if word in written
    ]


def test_the_program_says_what_differs_and_ends_with_1(kafka: KafkaSettings) -> None:
    run(kafka, "apply")
    allow(kafka, AccessRule("User:edge", "WRITE", "TOPIC", kafka.prefix + "product.usage.v1"))
    checked = run(kafka, "check")
    assert checked.returncode == 1
    assert checked.stderr == f"too much: User:edge may WRITE topic {kafka.prefix}product.usage.v1\n"


def test_without_the_parties_passwords_nothing_is_applied(kafka: KafkaSettings) -> None:
    applied = run(kafka, "apply", REFILL_EDGE_KAFKA_PASSWORD="")
    assert applied.returncode == 78
    assert "REFILL_EDGE_KAFKA_PASSWORD is missing" in applied.stderr
    assert found(kafka) == set()


def test_who_is_not_the_super_user_applies_nothing(kafka: KafkaSettings) -> None:
    access.apply(kafka, Principals(kafka).passwords())
    with pytest.raises(KafkaProblem, match="ClusterAuthorizationFailed"):
        access.apply(Principals(kafka).settings("billing"), {})
