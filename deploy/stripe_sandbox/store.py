"""Everything the sandbox knows, in memory and in an append-only log beside the journal.

A transaction is one line of the log: the records it changed and the journal lines it caused. That line is on the disk
before the journal is written and before any reply leaves, so a killed sandbox starts again with exactly what it had
promised. When it died between the log and the journal, the start completes the journal from the log.
"""

import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar, cast

from deploy.stripe_sandbox.durable_lines import DurableLines
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.journal import Effect, Journal
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.objects.delivery import Delivery
from deploy.stripe_sandbox.objects.dispute import Dispute
from deploy.stripe_sandbox.objects.event import Event
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.objects.refund import Refund
from deploy.stripe_sandbox.objects.saved_reply import SavedReply
from deploy.stripe_sandbox.objects.setting import Setting
from deploy.stripe_sandbox.values import JsonObject

KINDS: tuple[type[Record], ...] = (
    Charge,
    Customer,
    Delivery,
    Dispute,
    Event,
    PaymentIntent,
    PaymentMethod,
    Refund,
    SavedReply,
    Setting,
)
R = TypeVar("R", bound=Record)


class Transaction:
    """A draft over the store: seen by nobody until it is committed."""

    def __init__(self, store: "Store", now: int, request_id: str | None, idempotency_key: str | None) -> None:
        self.now = now
        self.request_id = request_id
        self.idempotency_key = idempotency_key
        self._store = store
        self.draft: dict[tuple[str, str], Record] = {}
        self.effects: list[Effect] = []
        self.events: list[Event] = []

    def find(self, kind: type[R], identifier: str) -> R | None:
        record = self.draft.get((kind.KIND, identifier)) or self._store.tables[kind.KIND].get(identifier)
        return cast("R | None", record)

    def all(self, kind: type[R]) -> list[R]:
        """In the order of their first writing; a draft's changes are in it."""
        table = {**self._store.tables[kind.KIND]}
        table |= {identifier: record for (name, identifier), record in self.draft.items() if name == kind.KIND}
        return cast("list[R]", list(table.values()))

    def put(self, record: R) -> R:
        self.draft[record.KIND, record.id] = record
        return record

    def record(self, effect: Effect) -> None:
        """To the journal, with the commit."""
        self.effects.append(effect)

    def emit(self, kind: str, snapshot: JsonObject, previous: JsonObject | None = None) -> None:
        """An event of that type ("Types of events"), to be delivered after the commit."""
        event = Event(
            id=new_id("evt"),
            created=self.now,
            type=kind,
            snapshot=snapshot,
            previous=previous,
            request_id=self.request_id,
            idempotency_key=self.idempotency_key,
        )
        self.events.append(self.put(event))

    def discard(self) -> None:
        self.draft.clear()
        self.effects.clear()
        self.events.clear()


class Store:
    """lock: held by whoever reads or writes; every transaction lives inside it."""

    def __init__(self, state: Path, journal: Journal) -> None:
        self.lock = threading.RLock()
        self.tables: dict[str, dict[str, Record]] = {kind.KIND: {} for kind in KINDS}
        self.journal = journal
        self.on_events: Callable[[Transaction], None] = lambda transaction: None
        self.after_commit: Callable[[list[Event]], None] = lambda events: None
        self._log = DurableLines(state)
        self._restore()

    def begin(self, now: int, request_id: str | None = None, idempotency_key: str | None = None) -> Transaction:
        return Transaction(self, now, request_id, idempotency_key)

    def commit(self, transaction: Transaction) -> None:
        """Durable when it returns. An empty transaction writes nothing."""
        if not transaction.draft:
            return
        if transaction.events:
            self.on_events(transaction)
        first = self.journal.last + 1
        lines = [
            effect.line(
                seq=seq,
                at=transaction.now,
                request_id=transaction.request_id,
                idempotency_key=transaction.idempotency_key,
            )
            for seq, effect in enumerate(transaction.effects, first)
        ]
        puts = [[record.KIND, asdict(record)] for record in transaction.draft.values()]
        self._log.append([cast("JsonObject", {"put": puts, "journal": lines})])
        if lines:
            self.journal.append(lines)
        for (kind, identifier), record in transaction.draft.items():
            self.tables[kind][identifier] = record
        self.after_commit(transaction.events)

    def _restore(self) -> None:
        classes = {kind.KIND: kind for kind in KINDS}
        for row in self._log.read():
            for kind, fields in cast("list[tuple[str, dict[str, object]]]", row["put"]):
                self.tables[kind][str(fields["id"])] = classes[kind](**fields)  # type: ignore[arg-type]  # written by asdict
            lines = cast("list[JsonObject]", row["journal"])
            missing = [line for line in lines if cast("int", line["seq"]) > self.journal.last]
            if missing:
                self.journal.append(missing)

    def close(self) -> None:
        self._log.close()
        self.journal.close()
