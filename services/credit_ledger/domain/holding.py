"""Holding credits of an account and ending holds: the movements, each with its postings (C9, C12, C14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.eligibility import Eligibility
from services.credit_ledger.domain.hold import End, Hold, HoldKey, How, Movements, Part, Wanted
from services.credit_ledger.domain.news import Ended, Held
from services.credit_ledger.domain.posting import Posting, into, out_of


def place(
    account: Account, key: HoldKey, wanted: Wanted, price: tuple[int, int | None], may: Eligibility, at: datetime
) -> tuple[Hold, list[Posting]] | None:
    """Take the credits whole or not at all (C10), in burning order (C1). None when they are short."""
    credits, catalog_version = price
    if account.available(may, at, at) < credits:
        return None
    account.step(at)
    transaction_id, postings = identity.hold(*key), list[Posting]()
    taken = account.take("held", transaction_id, credits, may, (at, at), postings)
    expires_at = at + timedelta(seconds=wanted.expires_in_s)
    hold = Hold(key, wanted, account.user_id, credits, catalog_version, transaction_id, at, expires_at)
    hold.parts = tuple(Part(lot.lot_id, credits) for lot, credits in taken.items())
    account.held += credits
    account.holds_until = max(expires_at, account.holds_until or expires_at)
    account.holds.append(hold)
    account.news.append(Held(hold, taken))
    return hold, postings


def end(account: Account, hold: Hold, how: How, credits: int, at: datetime, postings: list[Posting]) -> End:
    """End an open hold: all goes back to its lots, and `credits` of it are burned from there. What comes from a lot
    that has lapsed lapses (C12)."""
    assert hold.state == "held", "only an open hold can end"
    account.step(at)
    transaction_id = identity.end_of_hold(how, *hold.key)
    burned: Movements = {}
    returned: Movements = {}
    lapsed: Movements = {}
    ordinal = len(hold.parts)
    for number, (lot_id, taken, rest) in enumerate(hold.shares(credits)):
        lot = account.lot(lot_id)
        postings.append(into(lot_id, "held", taken + rest, transaction_id, number, at))
        if taken:
            postings.append(out_of(lot_id, "burned", taken, transaction_id, ordinal, at))
            burned[lot], ordinal = taken, ordinal + 1
        if rest and account.is_closed(lot, at):
            postings.append(out_of(lot_id, "lapsed", rest, transaction_id, ordinal, at))
            lapsed[lot], ordinal = rest, ordinal + 1
        elif rest:
            ordinal += account.take_in(lot, rest, transaction_id, ordinal, at, postings)
            returned[lot] = rest
    account.held -= hold.credits
    hold.lapsed = frozenset(lot.lot_id for lot in lapsed) if how == "expired" else frozenset()
    return _ended(account, End(hold, how, 0, transaction_id, at, burned, returned, lapsed))


def capture_late(account: Account, hold: Hold, credits: int, at: datetime, postings: list[Posting]) -> End | None:
    """Capture in time what was told as expired meanwhile: its credits are taken again from where they went.

    None when they are not there any more, for something later in the log was decided first.
    """
    assert hold.state == "expired", "only what has expired is captured late"
    shares = [(account.lot(lot_id), taken) for lot_id, taken, _ in hold.shares(credits) if taken]
    if any(lot.remaining < taken and not lot.taken for lot, taken in shares if lot.lot_id not in hold.lapsed):
        return None
    account.step(at)
    transaction_id = identity.end_of_hold("captured", *hold.key)
    for number, (lot, taken) in enumerate(shares):
        postings.append(out_of(lot.lot_id, "burned", taken, transaction_id, number, at))
        if lot.lot_id in hold.lapsed:
            postings.append(into(lot.lot_id, "lapsed", taken, transaction_id, len(shares) + number, at))
        else:
            number = 2 * len(shares) + number
            account.owe(lot, taken - lot.remaining, transaction_id, number, at, postings)
            lot.remaining -= taken
    return _ended(account, End(hold, "captured", 1, transaction_id, at, dict(shares), {}, {}))


def release_late(account: Account, hold: Hold, at: datetime) -> End:
    """Release in time what was told as expired meanwhile. Its credits are back already; what changes is that a capture
    which comes later is refused, and that they are there from now on and not from the expiry on."""
    assert hold.state == "expired", "only what has expired is released late"
    account.step(at)
    return _ended(account, End(hold, "released", 1, identity.end_of_hold("released", *hold.key), at, {}, {}, {}))


def _ended(account: Account, ending: End) -> End:
    ending.hold.state, ending.hold.ended = ending.how, ending.sums
    if ending.how != "expired":
        account.holds.remove(ending.hold)
    account.news.append(Ended(ending))
    return ending
