"""Taking a usage back: its credits return to the lots they came from; what has lapsed stays lapsed (C12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.hold import Movements, Part
from services.credit_ledger.domain.news import Returned
from services.credit_ledger.domain.posting import Posting, into, out_of

UsageKey = tuple[str, str, str]  # workspace, source, usage id


@dataclass(frozen=True, slots=True)
class Reversal:
    """A usage that was taken back, with its movements by lot."""

    key: UsageKey
    transaction_id: UUID
    at: datetime
    returned: Movements
    lapsed: Movements


def reverse(account: Account, key: UsageKey, parts: Sequence[Part], at: datetime, postings: list[Posting]) -> Reversal:
    """Give back what a usage burned, lot by lot, to the account whose lots these are."""
    account.step(at)
    transaction_id = identity.reversal(*key)
    returned: Movements = {}
    lapsed: Movements = {}
    for number, (lot_id, credits) in enumerate(parts):
        lot = account.lot(lot_id)
        postings.append(into(lot_id, "burned", credits, transaction_id, number, at))
        if account.is_closed(lot, at):
            postings.append(out_of(lot_id, "lapsed", credits, transaction_id, len(parts) + number, at))
            lapsed[lot] = credits
        else:
            account.take_in(lot, credits, transaction_id, 2 * len(parts) + number, at, postings)
            returned[lot] = credits
    account.news.append(Returned(key[2], key[1], transaction_id, returned, lapsed))
    return Reversal(key, transaction_id, at, returned, lapsed)
