"""What must be true before a worker starts: looked at without changing or consuming anything, told in sentences.

Each sentence says what is wrong, where, and how to mend it. A list of troubles is whole as far as one look can see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from shared.contracts.catalog import TOPICS
from shared.contracts.topics import Topic
from shared.messaging.clock import Clock
from shared.messaging.failures import Weather
from shared.messaging.kafka.standing import Right, Standing, absent, unreachable
from shared.messaging.log import KafkaProblem
from shared.messaging.service import Service
from shared.messaging.settings import KafkaSettings
from shared.messaging.tls import CERTIFICATE_TROUBLES
from shared.messaging.weather import is_weather
from shared.observability.errors import describe
from shared.postgres.migrations import MigrationProblem, check
from shared.postgres.pool import Database
from shared.postgres.refusals import place, refusal

# What every test runs on. Nothing is known to fail on 17; nobody has tried.
OLDEST_POSTGRES = 180_000
# NTP keeps clocks within a second. A minute off, requests expire and quotas begin at times that nobody else sees.
CLOCK_BOUND = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that keeps a worker from starting. `passes` is true where waiting may mend it."""

    about: str
    sentence: str
    passes: bool


@dataclass(frozen=True, slots=True)
class PostgresLook:
    """Looks at a service's database as its worker. `variable` is the setting that has the address."""

    service: Service[Any]
    url: str
    variable: str
    clock: Clock
    oldest: int = OLDEST_POSTGRES

    def troubles(self) -> list[Trouble]:
        """Raises psycopg.Error for what is a bug of ours: neither weather nor a refusal."""
        try:
            database = Database(self.url, "refill-check", self.service.schema)
            with closing(database.connect()) as connection:
                connection.autocommit = True
                found = [*self._version(connection), *self._clocks(connection)]
            return [*(Trouble("PostgreSQL", sentence, passes=False) for sentence in found), *self._migrations()]
        except psycopg.Error as error:
            return [self._not_let_in(error)]

    def _not_let_in(self, error: psycopg.Error) -> Trouble:
        refused = refusal(self.url, error, CERTIFICATE_TROUBLES)
        if refused:
            return Trouble("PostgreSQL", f"{refused}: see {self.variable}", passes=False)
        if not is_weather(error):
            raise error
        return Trouble("PostgreSQL", f"PostgreSQL at {place(self.url)} does not answer: {describe(error)}", passes=True)

    def _version(self, connection: psycopg.Connection) -> Iterator[str]:
        found = connection.info.server_version
        if found < self.oldest:
            yield (
                f"PostgreSQL at {place(self.url)} is version {_readable(found)}, older than {_readable(self.oldest)}, "
                "which this code needs: upgrade the server"
            )

    def _clocks(self, connection: psycopg.Connection) -> Iterator[str]:
        before = self.clock.now()
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        after = self.clock.now()
        ahead = before + (after - before) / 2 - row[0]
        if abs(ahead) > CLOCK_BOUND:
            direction = "ahead of" if ahead > timedelta(0) else "behind"
            yield (
                f"this machine's clock is {abs(ahead).total_seconds():.0f} s {direction} PostgreSQL's at "
                f"{place(self.url)}; {CLOCK_BOUND.total_seconds():.0f} s are borne: set the wrong one right (NTP)"
            )

    def _migrations(self) -> Iterator[Trouble]:
        try:
            check(self.url, self.service.schema, self.service.migration_folders())
        except MigrationProblem as problem:
            yield Trouble("PostgreSQL", f"PostgreSQL at {place(self.url)}: {problem}", passes=False)


@dataclass(frozen=True, slots=True)
class KafkaLook:
    """Looks at Kafka as a service's worker. `partitions` stands in for the catalog's numbers, in tests."""

    service: Service[Any]
    settings: KafkaSettings
    partitions: int | None = None

    def troubles(self) -> list[Trouble]:
        wanted = wanted_rights(self.service, self.settings.prefix)
        groups = [f"{self.settings.prefix}{self.service.name}.{lane.name}" for lane in self.service.lanes]
        try:
            standing = Standing.of(self.settings, wanted, groups)
        except (KafkaProblem, Weather) as error:
            return [Trouble("Kafka", str(error), passes=isinstance(error, Weather))]
        lasting = [*self._rights(standing, wanted), *self._numbers(standing)]
        passing = [absent(standing, self.settings, wanted), unreachable(standing, self.settings)]
        return [
            *(Trouble("Kafka", sentence, passes=False) for sentence in lasting),
            *(Trouble("Kafka", sentence, passes=True) for sentence in passing if sentence),
        ]

    def _rights(self, standing: Standing, wanted: Mapping[str, frozenset[Right]]) -> Iterator[str]:
        missing = {name: rights - standing.rights.get(name, rights) for name, rights in wanted.items()}
        lacking = [
            *(f"{right} topic {name}" for name, rights in missing.items() for right in sorted(rights)),
            *(f"see topic {name} (so it may also be missing)" for name in sorted(standing.hidden)),
            *(f"join group {name}" for name in sorted(standing.closed)),
        ]
        if lacking:
            who = self.settings.username or "us, who have no name,"
            yield (
                f"Kafka at {self.settings.bootstrap[0]} does not let {who} {', '.join(lacking)}: "
                "`python -m deploy.kafka.access apply` gives each service its rights"
            )

    def _numbers(self, standing: Standing) -> Iterator[str]:
        for topic in topics_of(self.service):
            name, wanted = self.settings.prefix + topic.name, self.partitions or topic.partitions
            found = standing.partitions.get(name, wanted)
            if found != wanted:
                yield (
                    f"topic {name} at {self.settings.bootstrap[0]} has {found} partitions, the catalog says {wanted}: "
                    "keys would change their partition, and with it their order. Make it anew, or a new major version"
                )


def topics_of(service: Service[Any]) -> list[Topic]:
    """What the service reads, by its tables, and what it writes, by the catalog."""
    read = [reaction.topic for lane in service.lanes for reaction in lane.reactions]
    written = [topic for topic in TOPICS if service.name in topic.producers]
    return list({topic.name: topic for topic in (*read, *service.awaited(), *written)}.values())


def wanted_rights(service: Service[Any], prefix: str) -> dict[str, frozenset[Right]]:
    """What the service must be allowed, by the whole names of topics; nothing but to see those it only waits for."""
    read = {reaction.topic.name for lane in service.lanes for reaction in lane.reactions}
    wanted: dict[str, frozenset[Right]] = {}
    for topic in topics_of(service):
        rights: set[Right] = {"READ"} if topic.name in read else set()
        if service.name in topic.producers:
            rights.add("WRITE")
        wanted[prefix + topic.name] = frozenset(rights)
    return wanted


def _readable(version: int) -> str:
    return f"{version // 10_000}.{version % 10_000}"
