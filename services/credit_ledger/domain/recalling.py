"""Freezing lines of a purchase, taking them back and giving them back: the movements, with their postings (B11, B12).

Freezing moves nothing. Taken back is all that was granted: what is in the lot, and the rest as debt of its account,
which goes through the lot. Given back is the exact inverse; credits that paid the debt meanwhile are their lots' again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.lot import Lot, burning_order
from services.credit_ledger.domain.posting import Posting, Sink, Source, into, out_of
from services.credit_ledger.domain.recall import Line, Moved, Standing


def standing(account: Account, lot: Lot, held: int, at: datetime) -> Standing:
    """How a line stands at an instant. `held`: what open holds keep of it by the books. What operators withdrew counts
    as taken, and a lot that was taken back as taken whole: what has returned to it since is its account's own."""
    if lot.taken:
        return Standing(lot.granted, 0, 0, 0, lot.granted)
    early = min(account.early(lot, at), lot.remaining)
    unspent, held = lot.remaining - early, held + early
    return Standing(lot.granted, unspent, held, lot.granted - unspent - held - lot.withdrawn, lot.withdrawn)


def fit(
    account: Account,
    lot: Lot,
    lines: Collection[Line],
    transaction_id: UUID | None,
    first_ordinal: int,
    at: datetime,
    postings: list[Posting],
) -> Moved:
    """Bring a lot to what all the recalls that it is in make of it; returns what that moved. The account must hold all
    its lots that have paid debt. Its postings are numbered from `first_ordinal` on."""
    taken_back = any(line.state == "taken_back" for line in lines)
    frozen = not taken_back and any(line.state == "open" for line in lines)
    moved = Moved(account.user_id, lot.lot_id, 0, 0)
    if transaction_id is not None and taken_back != bool(lot.taken):
        account.step(at)
        movement = _Movement(account, transaction_id, first_ordinal, at, postings)
        moved = movement.take_back(lot) if taken_back else movement.give_back(lot)
    elif frozen != lot.frozen:
        account.step(at)
    if frozen != lot.frozen:
        lot.frozen = frozen
        account.mark(lot)
    return moved


class _Movement:
    """The postings of one step on one account, numbered in their order."""

    def __init__(
        self, account: Account, transaction_id: UUID, ordinal: int, at: datetime, postings: list[Posting]
    ) -> None:
        self._account, self._transaction_id, self._ordinal, self._at = account, transaction_id, ordinal, at
        self._postings = postings

    def take_back(self, lot: Lot) -> Moved:
        account, left = self._account, lot.remaining
        lot.taken = lot.granted - lot.withdrawn
        lot.owed = lot.taken - left
        self._into(lot, "debt", lot.owed)
        self._out_of(lot, "taken_back", lot.taken)
        account.debt += lot.owed
        account.mark(lot)
        return Moved(account.user_id, lot.lot_id, left, lot.owed)

    def give_back(self, lot: Lot) -> Moved:
        account, taken, owed = self._account, lot.taken, lot.owed
        self._into(lot, "taken_back", taken)
        self._out_of(lot, "debt", owed)
        lot.taken = lot.owed = 0
        account.mark(lot)
        overpaid = max(0, owed - account.debt)
        account.debt = max(0, account.debt - owed)
        returned = self._return_payments(overpaid)
        forgiven = overpaid - returned  # not by the account's credits: an operator had forgiven it (B15)
        self._into(lot, "debt", forgiven)
        self._out_of(lot, "forgiven", forgiven)
        return Moved(account.user_id, lot.lot_id, taken - owed + returned, owed - overpaid)

    def _return_payments(self, credits: int) -> int:
        """Give credits that paid debt which is no more to their lots again, the newest first. Lots that are taken back
        themselves owe at least what they have paid."""
        returned = 0
        for lot in sorted(self._account.lots, key=burning_order, reverse=True):
            back = 0 if lot.taken else min(credits - returned, lot.settled)
            if back:
                self._into(lot, "debt", back)
                lot.settled -= back
                self._account.mark(lot)
                returned += back
        return returned

    def _into(self, lot: Lot, source: Source, credits: int) -> None:
        if credits:
            self._append(into(lot.lot_id, source, credits, self._transaction_id, self._ordinal, self._at))
            lot.remaining += credits

    def _out_of(self, lot: Lot, sink: Sink, credits: int) -> None:
        if credits:
            self._append(out_of(lot.lot_id, sink, credits, self._transaction_id, self._ordinal, self._at))
            lot.remaining -= credits

    def _append(self, posting: Posting) -> None:
        self._postings.append(posting)
        self._ordinal += 1
