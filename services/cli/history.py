"""The life of one account, folded from its events: which lots it got, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from services.cli.listening import Event
from shared.contracts.credit_ledger import (
    BalanceChanged,
    CreditsBurned,
    CreditsGranted,
    PurchaseCredited,
    QuotaLapsed,
)


@dataclass(slots=True)
class Lot:
    """What is known of one lot."""

    lot_id: str
    kind: str = "?"
    origin: str = "?"
    granted: int = 0
    burned: int = 0
    lapsed: int = 0

    @property
    def remaining(self) -> int:
        return self.granted - self.burned - self.lapsed

    def as_document(self) -> dict[str, object]:
        return {**asdict(self), "remaining": self.remaining}


@dataclass(slots=True)
class History:
    """The events of one account, and its lots in the order in which they were opened."""

    account: str
    events: list[Event] = field(default_factory=list)
    lots: dict[str, Lot] = field(default_factory=dict)

    def lot(self, lot_id: str) -> Lot:
        return self.lots.setdefault(lot_id, Lot(lot_id))

    def adds_up(self, balance: BalanceChanged | None) -> bool:
        """Whether what is left of every lot is what the published balance says of it."""
        said = {lot.lot_id: lot.remaining for lot in balance.lots if lot.remaining} if balance else {}
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
    message = event.message
    if isinstance(message, CreditsGranted):
        lot = history.lot(message.lot_id)
        lot.kind, lot.granted = message.kind, lot.granted + message.credits
    elif isinstance(message, CreditsBurned):
        for movement in message.lots:
            lot = history.lot(movement.lot_id)
            lot.kind, lot.burned = movement.kind, lot.burned + movement.credits
    elif isinstance(message, QuotaLapsed):
        lot = history.lot(message.lot_id)
        lot.kind, lot.lapsed = "quota", lot.lapsed + message.credits


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
