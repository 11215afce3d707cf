"""What keeps a worker from starting, seen on real servers: each trouble in a sentence with place and mend."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from deploy.local.cluster import Cluster
from deploy.local.environment import kafka_environment
from deploy.local.ports import free_port
from shared.contracts.catalog import BILLING_RECONCILIATION, DEAD_LETTERS, OPS_METRICS, TOP_UP, WORKSPACE_DIRECTORY
from shared.messaging.access_rule import AccessRule
from shared.messaging.clock import Clock, SystemClock
from shared.messaging.kafka import AccessControl
from shared.messaging.preconditions import OLDEST_POSTGRES, KafkaLook, PostgresLook, Trouble
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.messaging.settings import KafkaSettings, load_settings
from shared.postgres.migrations import migrate
from tests.integration.messaging.billing.__main__ import greeter
from tests.integration.messaging.billing.conftest import PARTITIONS, Surroundings
from tests.integration.messaging.billing.process import ROOT
from tests.integration.messaging.billing.settings import GreeterSettings
from tests.integration.messaging.office.office import wait_until
from tests.stack.database import Database
from tests.stack.topics import delete_topics

DATABASE = "REFILL_BILLING_DATABASE_URL"
WRONG = "wr0ng-and-secret"


class Skewed:
    """A clock that is off."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


@pytest.fixture(scope="module")
def fit(cluster: Cluster, kafka_broker: KafkaSettings) -> Iterator[Surroundings]:
    """A migrated database and all topics: nothing keeps the service from starting."""
    name = uuid.uuid4().hex[:8]
    made = Surroundings(Database(cluster, f"fit_{name}"), replace(kafka_broker, prefix=f"fit{name}."))
    cluster.create(made.database.name)
    home = ROOT / "tests" / "integration" / "messaging" / "billing" / "migrations"
    migrate(made.database.migrator_url("billing"), "billing", (RUNTIME_MIGRATIONS, home))
    made.make_topics()
    yield made
    cluster.drop(made.database.name)
    delete_topics(made.kafka)


Look = Callable[..., list[Trouble]]


@pytest.fixture
def look(fit: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What the service would find by these settings, this clock, and this oldest version of PostgreSQL."""
    well = {
        **fit.database.environment(),
        **kafka_environment(fit.kafka),
        "REFILL_TOPIC_PARTITIONS": str(PARTITIONS),
        "REFILL_GREETER_JOURNAL": "unused",
    }

    def find(
        changes: Mapping[str, str] | None = None, clock: Clock | None = None, oldest: int = OLDEST_POSTGRES
    ) -> list[Trouble]:
        for name, value in {**well, **(changes or {})}.items():
            monkeypatch.setenv(name, value)
        settings = load_settings(GreeterSettings)
        service, url = greeter(settings), settings.database_url.get_secret_value()
        postgres = PostgresLook(service, url, DATABASE, clock or SystemClock(), oldest)
        kafka = KafkaLook(service, settings.kafka(), settings.topic_partitions)
        return [*postgres.troubles(), *kafka.troubles()]

    return find


def _address(fit: Surroundings, **changes: object) -> str:
    """The worker's address of the database, with parts changed."""
    parts = conninfo_to_dict(fit.database.worker_url("billing")) | changes
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format_map(parts)


def test_where_all_is_as_it_must_be_there_is_no_trouble(look: Look) -> None:
    assert look() == []


PLACE = "PostgreSQL at 127.0.0.1:"
Breaking = Callable[[Surroundings], dict[str, str]]
# The settings that break it, and what must be said.
WITHOUT_REMEDY: dict[str, tuple[Breaking, list[str]]] = {
    "a wrong password of PostgreSQL": (
        lambda s: {DATABASE: _address(s, password=WRONG)},
        [PLACE, "refuses the password of billing_worker", f"see {DATABASE}"],
    ),
    "an unknown role": (
        lambda s: {DATABASE: _address(s, user="nobody", password=WRONG)},
        [PLACE, "refuses the password of nobody (or knows no such role)", f"see {DATABASE}"],
    ),
    "an unknown database": (
        lambda s: {DATABASE: _address(s, dbname="no_such")},
        [PLACE, "has no database no_such", f"see {DATABASE}"],
    ),
    "TLS that the server does not speak": (
        lambda s: {DATABASE: f"{_address(s)}?sslmode=require"},
        [PLACE, "speaks no TLS, and the address asks for it (sslmode)", f"see {DATABASE}"],
    ),
    "a wrong password of Kafka": (
        lambda s: kafka_environment(replace(s.kafka, password=SecretStr(WRONG))),
        ["Kafka at 127.0.0.1:", "refuses the password of admin", "REFILL_KAFKA_PASSWORD", "deploy.kafka.access"],
    ),
    "an unknown principal": (
        lambda s: kafka_environment(replace(s.kafka, username="unheard-of", password=SecretStr(WRONG))),
        ["Kafka at 127.0.0.1:", "knows no user unheard-of", "REFILL_KAFKA_USERNAME is wrong", "deploy.kafka.access"],
    ),
    "no name at all": (
        lambda _: {
            "REFILL_KAFKA_SECURITY_PROTOCOL": "",
            "REFILL_KAFKA_SASL_MECHANISM": "",
            "REFILL_KAFKA_USERNAME": "",
            "REFILL_KAFKA_PASSWORD": "",
        },
        ["wants a name and a password (by SCRAM-SHA-512): set REFILL_KAFKA_SECURITY_PROTOCOL"],
    ),
    "a mechanism that Kafka does not take": (
        lambda _: {"REFILL_KAFKA_SASL_MECHANISM": "SCRAM-SHA-256"},
        ["takes no SCRAM-SHA-256: REFILL_KAFKA_SASL_MECHANISM may be SCRAM-SHA-512"],
    ),
    "TLS that Kafka does not speak": (
        lambda _: {"REFILL_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
        ["answers, but not as Kafka over SASL_SSL", "REFILL_KAFKA_SECURITY_PROTOCOL or REFILL_KAFKA_BOOTSTRAP"],
    ),
    "a number of partitions that is not the catalog's": (
        lambda _: {"REFILL_TOPIC_PARTITIONS": str(PARTITIONS + 1)},
        [f"has {PARTITIONS} partitions, the catalog says {PARTITIONS + 1}", "Make it anew"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT_REMEDY)
def test_what_no_waiting_mends_is_one_trouble_in_a_sentence(look: Look, fit: Surroundings, case: str) -> None:
    breaking, told = WITHOUT_REMEDY[case]
    troubles = look(breaking(fit))
    assert {trouble.passes for trouble in troubles} == {False}
    sentences = " ".join(trouble.sentence for trouble in troubles)
    for words in told:
        assert words in sentences
    assert WRONG not in sentences


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"REFILL_KAFKA_BOOTSTRAP": "{away}"}, "nobody listens at {away}: is Kafka running"),
        ({"REFILL_KAFKA_BOOTSTRAP": "no.such.host.invalid:9092"}, "the host is not known at no.such.host.invalid:9092"),
        ({DATABASE: "postgresql://u:p@{away}/refill"}, "PostgreSQL at {away}/refill does not answer"),
        ({"REFILL_TOPIC_PREFIX": "nowhere."}, "topics missing at 127.0.0.1:"),
        ({"REFILL_TOPIC_PREFIX": "nowhere."}, "nowhere.billing.top-up.v1"),
        ({"REFILL_TOPIC_PREFIX": "nowhere."}, "`python -m deploy.kafka.topics create` makes them"),
    ],
)
def test_what_may_come_by_itself_is_told_as_such(look: Look, settings: dict[str, str], told: str) -> None:
    away = f"127.0.0.1:{free_port()}"
    (trouble,) = look({name: value.format(away=away) for name, value in settings.items()})
    assert trouble.passes
    assert told.format(away=away) in trouble.sentence


def test_one_server_of_several_is_enough(look: Look, fit: Surroundings) -> None:
    both = f"127.0.0.1:{free_port()},{fit.kafka.bootstrap[0]}"
    assert look({"REFILL_KAFKA_BOOTSTRAP": both}) == []


def test_a_schema_that_is_newer_than_the_code_or_behind_it_is_told_by_name(look: Look, fit: Surroundings) -> None:
    with psycopg.connect(fit.database.migrator_url("billing"), autocommit=True) as connection:
        connection.execute("INSERT INTO billing.migrations (name, checksum) VALUES ('billing/0099_tomorrow', 'x')")
        (newer,) = look()
        connection.execute("DELETE FROM billing.migrations WHERE name = 'billing/0099_tomorrow'")
        (checksum,) = connection.execute(
            "DELETE FROM billing.migrations WHERE name LIKE 'billing/%' RETURNING name, checksum"
        ).fetchall()
        (behind,) = look()
        connection.execute("INSERT INTO billing.migrations (name, checksum) VALUES (%s, %s)", checksum)
    assert PLACE in newer.sentence
    assert "schema billing is newer than the code: it has billing/0099_tomorrow" in newer.sentence
    assert "migrations not run in schema billing: billing/0001_greetings. Run the `migrate` command" in behind.sentence
    assert not newer.passes
    assert not behind.passes


@pytest.mark.parametrize(("minutes", "direction"), [(10, "ahead of"), (-10, "behind")])
def test_a_clock_that_is_ten_minutes_off_is_found(look: Look, minutes: int, direction: str) -> None:
    (trouble,) = look(clock=Skewed(timedelta(minutes=minutes)))
    assert not trouble.passes
    assert f" s {direction} PostgreSQL's at 127.0.0.1:" in trouble.sentence
    assert "60 s are borne: set the wrong one right (NTP)" in trouble.sentence


def test_a_clock_that_is_half_a_minute_off_is_borne(look: Look) -> None:
    assert look(clock=Skewed(timedelta(seconds=30))) == []


def test_a_server_older_than_the_oldest_supported_is_told_by_its_version(look: Look) -> None:
    (trouble,) = look(oldest=OLDEST_POSTGRES + 10_000)
    assert not trouble.passes
    assert "is version 18." in trouble.sentence
    assert "older than 19.0, which this code needs: upgrade the server" in trouble.sentence


@pytest.fixture
def clerk(fit: Surroundings) -> Iterator[tuple[KafkaSettings, list[AccessRule]]]:
    """A principal with all the rights that the service needs and no more."""
    name = f"clerk{uuid.uuid4().hex[:8]}"
    prefix, who = fit.kafka.prefix, f"User:{name}"
    rules = [
        AccessRule(who, "READ", "TOPIC", prefix + WORKSPACE_DIRECTORY.name),
        AccessRule(who, "WRITE", "TOPIC", prefix + TOP_UP.name),
        AccessRule(who, "WRITE", "TOPIC", prefix + DEAD_LETTERS["billing"].name),
        AccessRule(who, "READ", "GROUP", f"{prefix}billing.directory"),
        AccessRule(who, "WRITE", "TOPIC", prefix + OPS_METRICS.name),
        AccessRule(who, "WRITE", "TOPIC", prefix + BILLING_RECONCILIATION.name),
    ]
    control = AccessControl(fit.kafka)
    control.set_passwords({name: "password"})
    control.allow(rules)
    yield replace(fit.kafka, username=name, password=SecretStr("password")), rules
    control.remove([rule for rule in control.rules() if rule.principal == who])
    control.close()


@pytest.mark.parametrize("lacking", range(5), ids=["read", "write", "write its dead letters", "join its group", "tell"])
def test_a_missing_right_is_named_with_the_place_and_the_mend(
    look: Look, fit: Surroundings, clerk: tuple[KafkaSettings, list[AccessRule]], lacking: int
) -> None:
    kafka, rules = clerk
    rule = rules[lacking]
    _until(lambda: look(kafka_environment(kafka)) == [])
    control = AccessControl(fit.kafka)
    control.remove([rule])
    if rule.kind == "TOPIC":
        control.allow([replace(rule, operation="DESCRIBE")])  # may be seen, and nothing more
    control.close()
    wanted = f"join group {rule.name}" if rule.kind == "GROUP" else f"{rule.operation} topic {rule.name}"
    told = (
        f"does not let {kafka.username} {wanted}: `python -m deploy.kafka.access apply` gives each service its rights"
    )
    _until(lambda: [told in t.sentence for t in look(kafka_environment(kafka)) if not t.passes] == [True])


def test_a_topic_that_may_not_be_seen_is_named_as_such(
    look: Look, fit: Surroundings, clerk: tuple[KafkaSettings, list[AccessRule]]
) -> None:
    kafka, rules = clerk
    _until(lambda: look(kafka_environment(kafka)) == [])
    control = AccessControl(fit.kafka)
    control.remove([rules[1]])
    control.close()
    told = f"see topic {rules[1].name} (so it may also be missing)"
    _until(lambda: [told in trouble.sentence for trouble in look(kafka_environment(kafka))] == [True])


def _until(condition: Callable[[], bool]) -> None:
    """A right takes a moment until every part of the broker knows it."""
    wait_until(condition, "the rights got around")
