"""Plays a history through the real handlers, cut into batches, and writes the books down to the byte."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from services.credit_ledger.domain.recall import Line, Recall
from services.credit_ledger.handlers.holds import expire_holds
from services.credit_ledger.handlers.renewal import renew
from services.credit_ledger.repository import LedgerRepository
from shared.contracts.credit_ledger import POOL
from shared.messaging.work import Cause, Effect, Outgoing, Received, Work
from tests.integration.credit_ledger.ledger import PRODUCT, handler_of
from tests.property.credit_ledger.memory import Tables
from tests.property.credit_ledger.operations import BEGIN, CATALOG, USERS, Operation, Ring

LOT_COLUMNS = (
    *("lot_id", "kind", "granted", "remaining"),
    *("opened_at", "period_start", "period_end", "purchase_id", "withheld"),
    *("grant_id", "frozen", "taken", "owed", "settled", "withdrawn"),
)


class NoTimers:
    """Timers that nobody waits for."""

    def set(self, kind: str, ref: str, due_at: datetime) -> None:
        """Forgotten."""

    def set_many(self, kind: str, due: Iterable[tuple[str, datetime]]) -> None:
        """Forgotten."""

    def cancel(self, kind: str, ref: str) -> None:
        """Forgotten."""


class Store(Protocol):
    """Where the books are kept."""

    def transact(self, batch: Sequence[Operation]) -> None:
        """Handle one run of messages of one type in one transaction."""

    def books(self) -> bytes:
        """All books, in a canonical form."""


class MemoryStore:
    """The fake."""

    def __init__(self) -> None:
        self.tables = Tables()
        self.told: list[Outgoing] = []

    def transact(self, batch: Sequence[Operation]) -> None:
        effects = handle(self.tables.repository(), batch)
        self.told.extend(effect for effect in effects if isinstance(effect, Outgoing))

    def books(self) -> bytes:
        tables = self.tables
        return canonical(
            lots=[(*key, *(getattr(lot, name) for name in LOT_COLUMNS)) for key, lot in tables.lots.values()],
            postings=tables.postings.values(),
            usages=tables.usages.values(),
            holds=tables.holds.values(),
            reversals=[(*key, *row) for key, row in tables.reversals.items()],
            resizes=tables.resizes.values(),
            ends=tables.ends.values(),
            accounts=[(*key, *row) for key, row in tables.accounts.items() if row[0]],
            recalls=[
                (*each.key, each.purchase_id, each.cause, each.untouched_only, each.refusal, each.decided_at)
                for each in tables.recalls.values()
            ],
            lines=[
                (*each.key, line.user_id, line.lot_id, *line.standing, line.step, _state(each, line))
                for each in tables.recalls.values()
                for line in each.standings
            ],
            steps=[
                (*each.key, each.step, each.verdict, each.transaction_id, each.decided_at, *moved[1:])
                for each in tables.steps.values()
                for moved in each.moved
            ],
            deeds=[
                (
                    *each.key,
                    *each.content,
                    each.refusal,
                    each.transaction_id,
                    each.lot_id,
                    each.settled,
                    each.decided_at,
                )
                for each in tables.deeds.values()
            ],
            days=[(*key, credits) for key, credits in tables.days.items() if credits],
            purchases=[
                (
                    *(*each.key, each.buyer_id, each.credited_at),
                    *(line.user_id, line.lot_id, line.credits, line.usable, line.debt_settled),
                )
                for each in tables.purchases.values()
                for line in each.lines
            ],
        )


def play(store: Store, history: Sequence[Operation], cuts: Collection[int] = ()) -> bytes:
    """The books after this history, with a new batch before each place in `cuts` and wherever the type changes."""
    store.transact([Operation(CATALOG, BEGIN)])
    for batch in batches(history, cuts):
        store.transact(batch)
    return store.books()


def batches(history: Sequence[Operation], cuts: Collection[int]) -> Iterator[Sequence[Operation]]:
    """Runs of one handler, as the runtime makes them."""
    start = 0
    for place in range(1, len(history) + 1):
        whole = place == len(history) or place in cuts
        if whole or _kind(history[place]) is not _kind(history[start]):
            yield history[start:place]
            start = place


def _kind(operation: Operation) -> object:
    return Ring if isinstance(operation.content, Ring) else handler_of(operation.content)


def handle(repository: LedgerRepository, batch: Sequence[Operation]) -> list[Effect]:
    """One run through its handler, and what that gave back."""
    effects: list[Effect] = []
    if isinstance(batch[0].content, Ring):
        for each in batch:
            refs = [f"{each.workspace_id}/{user}" for user in (*USERS, POOL)] if type(each.content) is Ring else []
            effects.extend(renew(refs, Work(repository, each.at, NoTimers())))
            holds = [f"{each.workspace_id}/h{number}/{PRODUCT}" for number in range(13)]
            effects.extend(expire_holds(holds, Work(repository, each.at, NoTimers())))
        return effects
    received: list[Received[Any]] = [
        Received(each.content, Cause(PRODUCT, "event"), "topic", 0, 0, 0, each.at, may_wait=False) for each in batch
    ]
    return list(handler_of(batch[0].content)(received, Work(repository, batch[-1].at, NoTimers())))


def _state(recall: Recall, line: Line) -> str:
    return "refused" if recall.refusal else line.state


def canonical(**tables: Iterable[Sequence[object]]) -> bytes:
    """Rows of each table as sorted text: equal exactly when the books are equal."""
    text = {name: sorted([_text(value) for value in row] for row in rows) for name, rows in tables.items()}
    return json.dumps(text, indent=0, sort_keys=True).encode()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
