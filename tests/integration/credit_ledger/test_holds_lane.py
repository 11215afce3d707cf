"""The lane of holds on the runtime's road: commands that come in turns are one run; what waits holds back its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.credit_ledger.handlers import LANES
from services.credit_ledger.handlers.holds import handle_holds
from services.credit_ledger.repository import LedgerRepository
from shared.contracts.catalog import HOLD_COMMANDS
from shared.contracts.message import Message
from shared.messaging import parking
from shared.messaging.arrivals import arrive
from shared.messaging.batch import Road
from shared.messaging.clock import SystemClock
from shared.messaging.log import Place
from shared.messaging.work import Effect, Lane, Received, Work
from tests.integration.credit_ledger.ledger import NOON, Ledger, bad_checks, capture, hold, release
from tests.integration.messaging.road_world import event
from tests.stack.database import Database

PLACE = Place(HOLD_COMMANDS.name, 0)
HOLDS = next(lane for lane in LANES if lane.name == "holds")


@dataclass(frozen=True)
class Stored:
    """A record as a broker would give it."""

    offset: int
    value: bytes
    timestamp: int = int(NOON.timestamp() * 1000)
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


class Carrier:
    """The lane's part, without Kafka; writes down which runs the handler was given."""

    def __init__(self, ledger: Ledger) -> None:
        self.runs: list[list[str]] = []
        self._connection = ledger.connection
        reactions = tuple(replace(reaction, handler=self._handle) for reaction in HOLDS.reactions)
        self._lane: Lane[LedgerRepository] = replace(HOLDS, reactions=reactions)
        self._road = Road("credit-ledger", self._lane, LedgerRepository, SystemClock())
        self._offset = 0
        first = {"lane": HOLDS.name, "topic": PLACE.topic}
        self._connection.execute("INSERT INTO offsets VALUES (%(lane)s, %(topic)s, 0, 0)", first)

    def carry(self, *commands: Message) -> None:
        """One batch."""
        stored = [Stored(self._offset + number, event(command)) for number, command in enumerate(commands)]
        arrivals = [arrive(HOLD_COMMANDS, PLACE, record, {}) for record in stored]
        next_ = self._offset + len(stored)
        self._road.carry(self._connection, arrivals, {PLACE: self._offset}, {PLACE: next_}, some_wait=True)
        self._offset = next_

    def retry(self) -> None:
        """What is parked is tried again."""
        rows = parking.read(self._connection, HOLDS.name, [PLACE])
        self._road.retry(self._connection, rows, {PLACE: self._offset}, {}, {})

    def _handle(self, run: Sequence[Received[Any]], work: Work[LedgerRepository]) -> list[Effect]:
        self.runs.append([type(received.message).__name__ for received in run])
        return handle_holds(run, work)


def test_holds_captures_and_releases_come_to_their_handler_in_one_run(ledger: Ledger, database: Database) -> None:
    lane = Carrier(ledger)
    lane.carry(hold("h1", 120), capture("h1", 97), hold("h2", 50), release("h2"))
    assert lane.runs == [["HoldCredits", "CaptureHold", "HoldCredits", "ReleaseHold"]]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_903)]
    assert bad_checks(database) == []


def test_a_parked_capture_holds_back_neither_its_own_hold_nor_others(ledger: Ledger, database: Database) -> None:
    lane = Carrier(ledger)
    lane.carry(capture("h1", 97), release("h1"), hold("h2", 50), capture("h2", 50))
    assert ledger.rows("SELECT hold_id, state FROM holds") == [("h2", "captured")]
    lane.carry(hold("h1", 120))
    lane.retry()
    assert ledger.rows("SELECT state FROM holds WHERE hold_id = 'h1'") == [("captured",)], "in the order of the log"
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_853)]
    assert bad_checks(database) == []
