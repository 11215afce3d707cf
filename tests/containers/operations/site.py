"""A whole compose project at work, and the judgement after somebody has worked on it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg

from deploy.compose.engine import LOOK_EVERY_S, docker
from deploy.local.ports import LOOPBACK
from tests.containers.faults import oracles
from tests.containers.faults.books import Books
from tests.containers.faults.log_reader import whole_log
from tests.containers.faults.stage import PATIENCE_S, Stage, Trial
from tests.containers.faults.tally import Tally
from tests.containers.operations.log import NEW
from tests.containers.operations.runbook import Runbook
from tests.e2e.waiting import wait_until

WORKERS = ("billing", "credit-ledger", "notification")
STATS = "{{.Name}} {{.CPUPerc}} {{.MemUsage}}"
UNTOLD = "SELECT count(*) FROM notification.outbox"

Pairs = Mapping[str, tuple[float, float]]


@dataclass
class Site(Stage):
    """Trials go on it one after the other. `retold` names what the log may say in other pieces than before."""

    retold: frozenset[str] = field(default=frozenset(), init=False)

    @property
    def runbook(self) -> Runbook:
        return Runbook(self.project)

    @contextmanager
    def work(self, trial: Trial, what: str, *services: str) -> Iterator[None]:
        """Somebody works on the running system; afterwards these services are healthy again and everything flows.

        Notes the longest that a purchase and a usage of this time waited, and the longest silence between answers.
        """
        since = time.monotonic()
        yield
        self.project.wait_healthy(*services)
        trial.flows(f"after: {what}")
        NEW.append(
            f"{what}: credited after {_longest_wait(trial.credited(), since):.1f} s at most, usage answered after "
            f"{_longest_wait(trial.answered(), since):.1f} s at most; longest silence of the ledger "
            f"{_longest_silence(trial.answered(), since):.1f} s"
        )

    def note_sizes(self) -> None:
        """What each container takes at this moment."""
        ids = [container.id for container in self.project.containers() if container.running]
        for line in sorted(docker("stats", "--no-stream", "--format", STATS, *ids).splitlines()):
            NEW.append(line.removeprefix(f"{self.project.name}-"))

    def _judge(self, fault: str, trial: Trial) -> None:
        """After a restore the log is whole at once, for it holds what the database has forgotten: so the books are
        waited for as well."""
        memory, homes = trial.traffic.memory, trial.homes
        self._wait_until_quiet(memory, homes)
        books = Books(self.world.auditor_url)

        def behind() -> list[Tally]:
            return [tally for tally in books.tallies(memory, homes) if tally.lost]

        deadline = time.monotonic() + PATIENCE_S
        while left := behind():
            assert time.monotonic() < deadline, "\n".join(["the books never came right:", *map(str, left)])
            time.sleep(0.5)
        wait_until(lambda: books.nothing_waits() and self._told(), "everything is published", PATIENCE_S, LOOK_EVERY_S)
        mails, copies = oracles.mails(f"http://{LOOPBACK}:{self.project.port('REFILL_PORT_MAILDEV')}", memory)
        seen = whole_log(self.kafka("edge"))
        found = [
            *oracles.money(self.world.journal, memory, homes),
            *books.tallies(memory, homes),
            *(tally for tally in oracles.log(seen, memory, homes) if tally.what not in self.retold),
            *mails,
        ]
        lost = {name for tally in found for name in tally.lost}
        twice = {name for tally in found for name in tally.twice}
        NEW.append(
            f"{fault}: {len(memory.purchases)} purchases, {len(memory.usages)} usages, {len(lost)} lost, "
            f"{len(twice)} twice by {len(found)} counts; repeated under the same id: "
            f"{oracles.repeated(seen, homes)} events, {copies} mails"
        )
        assert not lost | twice, "\n".join([fault, *(str(tally) for tally in found if tally.lost or tally.twice)])

    def _told(self) -> bool:
        with psycopg.connect(self.world.superuser_url) as connection:
            return connection.execute(UNTOLD).fetchone() == (0,)


def _longest_wait(pairs: Pairs, since: float) -> float:
    return max((arrived - sent for sent, arrived in pairs.values() if sent > since), default=0.0)


def _longest_silence(pairs: Pairs, since: float) -> float:
    times: Iterable[float] = sorted(arrived for _, arrived in pairs.values() if arrived > since)
    return max((later - earlier for earlier, later in pairwise([since, *times])), default=0.0)
