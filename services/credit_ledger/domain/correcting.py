"""What operators put right in an account, with its postings (B15). Whole or not at all: nothing goes below zero."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.lot import burning_order
from services.credit_ledger.domain.news import Corrected
from services.credit_ledger.domain.operator_deed import Deed
from services.credit_ledger.domain.posting import Posting, into, out_of


def withdraw(account: Account, deed: Deed, transaction_id: UUID, at: datetime, postings: list[Posting]) -> bool:
    """Take bought credits, paused or not, out of the newest lots first. False, and nothing done, when there is less."""
    lots = [(lot, account.free(lot, at)) for lot in account.lots if lot.kind == "top_up"]
    credits = deed.credits
    if sum(free for _, free in lots) < credits:
        return False
    account.step(at)
    ordinal = 0
    for lot, free in sorted(lots, key=lambda each: burning_order(each[0]), reverse=True):
        taken = min(credits, free)
        if not taken:
            continue
        lot.remaining -= taken
        lot.withdrawn += taken
        account.mark(lot)
        postings.append(out_of(lot.lot_id, "withdrawn", taken, transaction_id, ordinal, at))
        credits, ordinal = credits - taken, ordinal + 1
    account.news.append(Corrected(UUID(deed.deed_id), deed.operator_id, "withdraw", deed.credits))
    return True


def forgive(account: Account, deed: Deed, transaction_id: UUID, at: datetime, postings: list[Posting]) -> bool:
    """Have less owed. It goes through the oldest lot that owes, which must have been read. False, and nothing done,
    when the account owes less."""
    if account.debt < deed.credits:
        return False
    lot = min((lot for lot in account.lots if lot.owed), key=burning_order)
    account.step(at)
    account.debt -= deed.credits
    postings.append(into(lot.lot_id, "forgiven", deed.credits, transaction_id, 0, at))
    postings.append(out_of(lot.lot_id, "debt", deed.credits, transaction_id, 1, at))
    account.news.append(Corrected(UUID(deed.deed_id), deed.operator_id, "forgive_debt", deed.credits))
    return True
