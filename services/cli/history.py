"""The life of one account, folded from its events: which lots it got, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from services.cli.listening import Event
from shared.contracts.credit_ledger import (
    BalanceChanged,
    CreditsBurned,
    CreditsGranted,
    CreditsReturned,
    LotMovement,
    PurchaseCredited,
    QuotaLapsed,
)
from shared.contracts.holds import CreditsHeld, HoldEnded
from shared.contracts.message import Message


@dataclass(slots=True)
class Lot:
    """What is known of one lot."""

    lot_id: str
    kind: str = "?"
    origin: str = "?"
    granted: int = 0
    burned: int = 0
    held: int = 0
    lapsed: int = 0

    @property
    def remaining(self) -> int:
        return self.granted - self.burned - self.held - self.lapsed

    @property
    def sums(self) -> tuple[int, int, int, int, int]:
        """Granted, burned, held, lapsed, remaining."""
        return self.granted, self.burned, self.held, self.lapsed, self.remaining

    def as_document(self) -> dict[str, object]:
        return {**asdict(self), "remaining": self.remaining}


@dataclass(slots=True)
class History:
    """The events of one account, and its lots in the order in which they were opened."""

    account: str
    events: list[Event] = field(default_factory=list)
    lots: dict[str, Lot] = field(default_factory=dict)
    lapsed_with: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # a hold's lots, when it expired

    def lot(self, lot_id: str) -> Lot:
        return self.lots.setdefault(lot_id, Lot(lot_id))

    def adds_up(self, balance: BalanceChanged | None) -> bool:
        """Whether what is left of every lot is what the published balance says of it."""
        lots = {lot.lot_id: lot.remaining + lot.withheld for lot in balance.lots} if balance else {}
        said = {lot_id: credits for lot_id, credits in lots.items() if credits}
        return said == {lot.lot_id: lot.remaining for lot in self.lots.values() if lot.remaining}


def tell_history(account: str, events: Iterable[Event]) -> History:
    """Pick out and fold the events of `account` (`workspace/user`), which must come oldest first."""
    workspace_id, _, user_id = account.partition("/")
    history = History(account)
    seen: set[tuple[str, str]] = set()
    buyers: dict[str, str] = {}
    for event in events:
        message = event.message
        if isinstance(message, PurchaseCredited):
            buyers[message.purchase_id] = message.buyer_id
            continue
        if (getattr(message, "workspace_id", ""), getattr(message, "user_id", "")) != (workspace_id, user_id):
            continue
        if (event.envelope.source, event.envelope.id) in seen:
            continue  # delivery is at least once; the same fact has the same id
        seen.add((event.envelope.source, event.envelope.id))
        history.events.append(event)
        _fold(history, event)
    for event in history.events:
        _name_origin(history, event, buyers)
    return history


def _fold(history: History, event: Event) -> None:
    fold = _FOLDS.get(type(event.message))
    if fold:
        fold(history, event.message)


def _granted(history: History, message: CreditsGranted) -> None:
    lot = history.lot(message.lot_id)
    lot.kind, lot.granted = message.kind, lot.granted + message.credits


def _burned(history: History, message: CreditsBurned) -> None:
    for lot, credits in _moved(history, message.lots):
        lot.burned += credits


def _lapsed(history: History, message: QuotaLapsed) -> None:
    lot = history.lot(message.lot_id)
    lot.kind, lot.lapsed = "quota", lot.lapsed + message.credits


def _held(history: History, message: CreditsHeld) -> None:
    for lot, credits in _moved(history, message.lots):
        lot.held += credits


def _ended(history: History, message: HoldEnded) -> None:
    hold = (message.hold_source, message.hold_id)
    for lot, credits in _moved(history, message.burned):
        lot.burned += credits
        if not message.late:
            lot.held -= credits
        elif lot.lot_id in history.lapsed_with.get(hold, ()):
            lot.lapsed -= credits  # it was in time after all
    for lot, credits in _moved(history, message.returned):
        lot.held -= credits
    for lot, credits in _moved(history, message.lapsed):
        lot.held, lot.lapsed = lot.held - credits, lot.lapsed + credits
        history.lapsed_with.setdefault(hold, set()).add(lot.lot_id)


def _returned(history: History, message: CreditsReturned) -> None:
    for lot, credits in _moved(history, message.returned):
        lot.burned -= credits
    for lot, credits in _moved(history, message.lapsed):
        lot.burned, lot.lapsed = lot.burned - credits, lot.lapsed + credits


def _moved(history: History, movements: Iterable[LotMovement]) -> Iterator[tuple[Lot, int]]:
    for movement in movements:
        lot = history.lot(movement.lot_id)
        lot.kind = movement.kind
        yield lot, movement.credits


_FOLDS: dict[type[Message], Callable[[History, Any], None]] = {
    CreditsGranted: _granted,
    CreditsBurned: _burned,
    QuotaLapsed: _lapsed,
    CreditsHeld: _held,
    HoldEnded: _ended,
    CreditsReturned: _returned,
}


def _name_origin(history: History, event: Event, buyers: dict[str, str]) -> None:
    message = event.message
    if not isinstance(message, CreditsGranted):
        return
    if message.purchase_id:
        buyer = buyers.get(message.purchase_id)
        origin = f"purchase {message.purchase_id}" + (f" by {buyer}" if buyer else "")
    elif message.period_start and message.period_end:
        origin = f"period {message.period_start:%Y-%m-%d} to {message.period_end:%Y-%m-%d}"
    else:
        origin = message.kind
    history.lot(message.lot_id).origin = origin
