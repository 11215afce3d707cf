"""A whole compose project under load, and the judgement after each fault."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from deploy.compose.engine import LOOK_EVERY_S
from deploy.compose.project import Project
from deploy.compose.world import ContainerWorld
from deploy.local.ports import LOOPBACK
from deploy.stripe_sandbox.control import SandboxControl
from shared.contracts import catalog
from shared.messaging.settings import KafkaSettings
from tests.containers.faults import oracles
from tests.containers.faults.books import Books
from tests.containers.faults.figures import NEW, Figures, Waits
from tests.containers.faults.homes import Homes, example_catalog, letter, settle
from tests.containers.faults.log_reader import LogReader, Seen, ends_of, whole_log
from tests.containers.faults.memory import Memory
from tests.containers.faults.post import Post
from tests.containers.faults.tally import Tally
from tests.containers.faults.traffic import Traffic
from tests.e2e.waiting import wait_until

PATIENCE_S = 180  # what was held up is worked off in seconds; a machine that does much else takes longer
SEED = 20_260_131

READ_BY = {"billing": (catalog.TOP_UP_COMMANDS.name,), "credit_ledger": (catalog.PRODUCT_USAGE.name,)}
"""What the driver writes, and the schema of the service that reads it."""


@dataclass
class Trial:
    """One fault: its traffic, and how long the fault lasted."""

    stage: Stage
    traffic: Traffic
    homes: Homes
    struck: float = 0.0
    over: float = 0.0

    def strike(self) -> None:
        """The fault begins now."""
        self.struck = time.monotonic()

    def pass_by(self) -> None:
        """The fault is over now: what comes next is up to the system."""
        self.over = time.monotonic()

    def flows(self, what: str, *, purchases: bool = True, usage: bool = True) -> None:
        """Returns when a purchase that is sent after this moment is credited, and a usage answered."""
        since = time.monotonic()
        waits: list[tuple[str, Callable[[], bool]]] = []
        if purchases:
            waits.append(("credited", lambda: any(at > since for at, _ in self.credited().values())))
        if usage:
            waits.append(("answered", lambda: any(at > since for at, _ in self.answered().values())))
        for word, holds in waits:
            wait_until(partial(self._looked_at, holds), f"{what} something new is {word}", PATIENCE_S)

    def credited_since(self, moment: float) -> int:
        """How many of the purchases that were sent after this moment are credited."""
        return sum(1 for sent, _ in self.credited().values() if sent > moment)

    def credited(self) -> dict[str, tuple[float, float]]:
        """When each purchase was sent, and when its credits came."""
        sent = {p.purchase_id: p.sent_at for p in self.traffic.memory.purchases_of("paid")}
        return _pairs(sent, self.stage.reader.seen(oracles.CREDITED), "purchase_id")

    def answered(self) -> dict[str, tuple[float, float]]:
        """When each usage that is refused was sent, and when its answer came."""
        sent = {usage.usage_id: usage.sent_at for usage in self.traffic.memory.usages_of("refused")}
        return _pairs(sent, self.stage.reader.seen(oracles.USAGE_REFUSED), "usage_id")

    def told(self) -> dict[str, tuple[float, float]]:
        """When each purchase was sent, and when its buyer had the receipt in-app."""
        sent = {p.purchase_id: p.sent_at for p in self.traffic.memory.purchases_of("paid")}
        receipts = [
            seen
            for seen in self.stage.reader.seen(oracles.TOLD)
            if (seen.data["kind"], seen.data["channel"]) == ("purchase_receipt", "in_app")
        ]
        return _pairs(sent, receipts, "about_id")

    def _looked_at(self, holds: Callable[[], bool]) -> bool:
        self.traffic.check()
        time.sleep(LOOK_EVERY_S)
        return holds()


@dataclass
class Stage:
    """The project that faults strike one after the other."""

    world: ContainerWorld
    bootstrap: tuple[str, ...]
    partitions: int
    reader: LogReader = field(init=False)

    def __post_init__(self) -> None:
        self.reader = LogReader(self.kafka("edge"))
        post = self.post()
        post.deliver([letter(catalog.PRICE_CATALOG, example_catalog())])
        post.close()

    @property
    def project(self) -> Project:
        return self.world.project

    def close(self) -> None:
        self.reader.close()

    def kafka(self, party: str) -> KafkaSettings:
        return replace(self.world.kafka(party), bootstrap=self.bootstrap)

    def post(self) -> Post:
        return Post(self.kafka)

    @contextmanager
    def trial(self, fault: str) -> Iterator[Trial]:
        """Traffic flows while the block lasts; then everything has to come right."""
        post = self.post()
        homes = settle(post, self.reader, SandboxControl(self.world.sandbox_url))
        post.close()
        trial = Trial(self, Traffic(homes, self.post, self.partitions, seed=SEED), homes)
        try:
            trial.flows("before the fault")
            yield trial
        finally:
            trial.traffic.stop()
        self._judge(fault, trial)

    def _judge(self, fault: str, trial: Trial) -> None:
        memory, homes = trial.traffic.memory, trial.homes
        self._wait_until_quiet(memory, homes)
        seen = whole_log(self.kafka("edge"))
        mails, copies = oracles.mails(f"http://{LOOPBACK}:{self.project.port('REFILL_PORT_MAILDEV')}", memory)
        found = {
            tally.what: tally
            for tally in (
                *oracles.money(self.world.journal, memory, homes),
                *Books(self.world.auditor_url).tallies(memory, homes),
                *oracles.log(seen, memory, homes),
                *mails,
            )
        }
        lost = {name for tally in found.values() for name in tally.lost}
        twice = {name for tally in found.values() for name in tally.twice}
        figures = Figures(
            fault=fault,
            lasted_s=trial.over - trial.struck,
            counts={
                "messages": memory.messages,
                "sent again": memory.sent_again,
                "purchases": len(memory.purchases),
                "charged": sum(found["journal: charges"].found.values()),
                "credited": len(found["ledger: credits of purchases"].found),
                "refused": len(found["billing: refused purchases"].found)
                + len(found["billing: declined purchases"].found),
                "usages": len(memory.usages),
                "burned": len(found["ledger: credits burned by usages"].found),
                "refused usages": len(found["ledger: refused usages"].found),
                "receipts": sum(found["mails: receipts"].found.values()),
                "lost": len(lost),
                "twice": len(twice),
                "repeats": oracles.repeated(seen, homes) + copies,
            },
            waits={
                "credited": _waits(trial.credited()),
                "usage": _waits(trial.answered()),
                "told": _waits(trial.told()),
            },
            longest_send_s=memory.longest_send_s,
        )
        NEW.append(figures.row())
        wrong = [str(tally) for tally in found.values() if tally.lost or tally.twice]
        assert not wrong, "\n".join([fault, *wrong])

    def _wait_until_quiet(self, memory: Memory, homes: Homes) -> None:
        """Everything sent is read, everything decided is published, and the log holds all that must come."""
        books = Books(self.world.auditor_url)
        ends = ends_of(self.kafka("admin"), [topic for topics in READ_BY.values() for topic in topics])

        def read() -> bool:
            reached = {schema: books.reached(schema) for schema in READ_BY}
            return all(
                reached[schema].get((topic, partition), 0) >= end
                for schema, topics in READ_BY.items()
                for (topic, partition), end in ends.items()
                if topic in topics and end
            )

        def missing() -> list[Tally]:
            time.sleep(LOOK_EVERY_S)
            return [tally for tally in oracles.log(self._followed(), memory, homes) if tally.lost]

        wait_until(read, "everything that was sent is read", PATIENCE_S, LOOK_EVERY_S)
        deadline, fewest = time.monotonic() + PATIENCE_S, sys.maxsize
        while left := missing():
            number = sum(len(tally.lost) for tally in left)
            if number < fewest:  # a backlog of mails is worked off one by one
                deadline, fewest = time.monotonic() + PATIENCE_S, number
            assert time.monotonic() < deadline, "\n".join(["never came:", *map(str, left)])
        wait_until(books.nothing_waits, "everything is published", PATIENCE_S, LOOK_EVERY_S)

    def _followed(self) -> Sequence[Seen]:
        return self.reader.everything()


def _pairs(sent: dict[str, float], seen: Sequence[Seen], name: str) -> dict[str, tuple[float, float]]:
    arrived: dict[str, float] = {}
    for each in seen:
        arrived.setdefault(each.data[name], each.at)
    return {identity: (at, arrived[identity]) for identity, at in sent.items() if identity in arrived}


def _waits(pairs: dict[str, tuple[float, float]]) -> Waits:
    return Waits([arrived - sent for sent, arrived in pairs.values()])
