"""Holds: each id is decided once for ever; captured, released, or ended by its own clock (C9, C10, C11, C12, C17)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.hold import Hold, HoldKey, RefusedHold, Wanted
from services.credit_ledger.domain.usage import Refusal
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.handlers.hold_answers import ended, expired, placed, refused
from services.credit_ledger.handlers.renewal import SOURCE, opened_quota, set_timers
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.holds import Known
from shared.contracts.holds import CaptureHold, HoldCredits, ReleaseHold
from shared.contracts.reasons import Reason
from shared.messaging.failures import Weather
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received, Work

Command = Literal["hold", "capture", "release"]
Run = Sequence[Received[HoldCredits | CaptureHold | ReleaseHold]]

HOLD_EXPIRY = "hold-expiry"

# Why a hold that is over cannot be captured or released any more.
_OVER: dict[str, Reason] = {
    "captured": Reason.HOLD_CAPTURED,
    "released": Reason.HOLD_RELEASED,
    "expired": Reason.HOLD_EXPIRED,
}


def handle_holds(run: Run, work: Work[LedgerRepository]) -> list[Effect]:
    """Decide a whole run of holds, captures and releases, mixed as they came: lock, read, decide in memory, write."""
    repository = work.repository
    books, known = _open(run, repository)
    effects: list[Effect] = []
    new: list[Hold | RefusedHold] = []
    causes: dict[AccountKey, Cause] = {}
    for received in run:
        key, before = _key(received), len(books.ends)
        command, decide = _DECISIONS[type(received.message)]
        hold = decide(received, books, known)
        for end in books.ends[before:]:
            causes[end.hold.account] = received.cause
            if end.hold.key != key:
                effects.append(expired(end.hold, received.cause))
        if isinstance(hold, str):
            effects.append(Park(received, hold))
        elif isinstance(hold, Refusal):
            effects.append(refused(received, command, hold, None))
        elif isinstance(hold, RefusedHold):
            if _remember(hold, known, new):
                causes[books.payer(key[0], hold.wanted.user_id) or (key[0], hold.wanted.user_id)] = received.cause
            effects.append(refused(received, command, hold.refusal, hold.key))
        elif command == "hold":
            if _remember(hold, known, new):
                causes[hold.account] = received.cause
            effects.append(placed(hold, received.cause))
        else:
            effects.append(ended(hold, received.cause))
    changed = books.changed()
    repository.accounts.write(changed, books.postings)
    repository.holds.write(new, books.ends)
    _set_timers(work, books, changed, new)
    for account in changed:
        effects.extend(announce(account, books.may(account.key), causes[account.key]))
    return effects


def expire_holds(refs: Sequence[str], work: Work[LedgerRepository]) -> list[Outgoing]:
    """Tidy up: give back what nobody captured or released in time. No decision waits for this (C9)."""
    repository = work.repository
    first = repository.holds.known({_hold_of(ref) for ref in refs})
    open_ones = [hold for hold in first.values() if isinstance(hold, Hold) and hold.state == "held"]
    if not open_ones:
        return []
    accounts = {hold.account for hold in open_ones}
    books = Books(repository.directory.share(accounts), repository.catalogs.read())
    books.accounts.update((account.key, account) for account in repository.accounts.lock(accounts))
    repository.holds.attach(books.accounts.values(), work.now, work.now)
    for account in books.accounts.values():
        books.expire(account, work.now)
    changed = books.changed()
    repository.accounts.write(changed, books.postings)
    repository.holds.write([], books.ends)
    _set_timers(work, books, changed, ())
    outgoing = [expired(end.hold, _cause(end.hold)) for end in books.ends]
    causes = {end.hold.account: _cause(end.hold) for end in books.ends}
    for account in changed:
        outgoing.extend(announce(account, books.may(account.key), causes[account.key]))
    return outgoing


def _open(run: Run, repository: LedgerRepository) -> tuple[Books, Known]:
    """Lock workspaces, then accounts (those that pay, those of the holds named, the users' own), then read."""
    keys = {_key(received) for received in run}
    earlier = [hold for hold in repository.holds.known(keys).values() if isinstance(hold, Hold)]
    begun = [received.message for received in run if isinstance(received.message, HoldCredits)]
    users = {(message.workspace_id, message.user_id) for message in begun}
    held = {hold.account for hold in earlier}
    register = repository.directory.share(users | held)
    actions = {message.action for message in begun} | {hold.wanted.action for hold in earlier}
    books = Books(register, repository.catalogs.read({action for action in actions if action is not None}))
    payers = {payer for user in users if (payer := books.payer(*user)) is not None}
    repository.accounts.ensure(payers)
    accounts = repository.accounts.lock(payers | users | held)
    books.accounts.update((account.key, account) for account in accounts)
    repository.accounts.load(books.accounts, books.unfit())
    known = repository.holds.known(keys)
    asked = [hold for hold in known.values() if isinstance(hold, Hold)]
    if any(hold.account not in books.accounts for hold in asked):
        raise Weather("a hold of this batch was placed elsewhere meanwhile")
    times = [received.appended_at for received in run]
    repository.holds.attach(accounts, min(times), max(times), asked)
    return books, known


def _hold(received: Received[HoldCredits], books: Books, known: Known) -> Hold | RefusedHold | Refusal | str:
    message, key = received.message, _key(received)
    wanted = Wanted(message.user_id, message.credits, message.action, message.quantity, message.expires_in_s)
    earlier = known.get(key)
    if earlier is not None:
        return earlier if earlier.wanted == wanted else Refusal(Reason.HOLD_ID_REUSED, wanted.credits or 0)
    missing = books.missing(key[0], wanted.user_id)
    if missing and missing.waiting_for and received.may_wait:
        return missing.waiting_for
    outcome = Refusal(missing.reason, wanted.credits or 0) if missing else books.hold(key, wanted, received.appended_at)
    return RefusedHold(key, wanted, outcome, received.appended_at) if isinstance(outcome, Refusal) else outcome


def _capture(received: Received[CaptureHold], books: Books, known: Known) -> Hold | Refusal | str:
    hold = _placed(received, known)
    if not isinstance(hold, Hold):
        return hold
    message = received.message
    if hold.state in ("captured", "released"):
        wanted = books.captured(hold, message.credits, message.quantity)
        same = hold.state == "captured" and hold.ended is not None and hold.ended.burned == wanted
        return hold if same else Refusal(_OVER[hold.state])
    outcome = books.capture(hold, message.credits, message.quantity, received.appended_at)
    return outcome if isinstance(outcome, Refusal) else hold


def _release(received: Received[ReleaseHold], books: Books, known: Known) -> Hold | Refusal | str:
    hold = _placed(received, known)
    if not isinstance(hold, Hold) or hold.state == "released":
        return hold
    if hold.state == "captured":
        return Refusal(Reason.HOLD_CAPTURED)
    outcome = books.release(hold, received.appended_at)
    return outcome if isinstance(outcome, Refusal) else hold


def _placed(received: Received[Any], known: Known) -> Hold | Refusal | str:
    """The hold that a capture or release names. It may be on its way still: on another partition, or not committed."""
    hold = known.get(_key(received))
    if hold is None:
        return f"hold {received.message.hold_id}" if received.may_wait else Refusal(Reason.UNKNOWN_HOLD)
    return Refusal(Reason.HOLD_REFUSED) if isinstance(hold, RefusedHold) else hold


_Decision = Callable[[Received[Any], Books, Known], Hold | RefusedHold | Refusal | str]
_DECISIONS: dict[type, tuple[Command, _Decision]] = {
    HoldCredits: ("hold", _hold),
    CaptureHold: ("capture", _capture),
    ReleaseHold: ("release", _release),
}


def _remember(hold: Hold | RefusedHold, known: Known, new: list[Hold | RefusedHold]) -> bool:
    """Whether it was decided just now."""
    if hold.key in known:
        return False
    known[hold.key] = hold
    new.append(hold)
    return True


def _set_timers(
    work: Work[LedgerRepository], books: Books, changed: Sequence[Account], new: Sequence[Hold | RefusedHold]
) -> None:
    """The holds' own, and the quota's of accounts that a quota was opened in, or returned to: it is to lapse again."""
    due = [(_ref(hold.key), hold.expires_at) for hold in new if isinstance(hold, Hold)]
    if due:
        work.timers.set_many(HOLD_EXPIRY, due)
    returned = {end.hold.account: end.at for end in books.ends if any(lot.kind == "quota" for lot in end.returned)}
    looks = dict(opened_quota(changed)) | {books.accounts[key]: at for key, at in returned.items()}
    set_timers(work.timers, books, looks.items())


def _ref(key: HoldKey) -> str:
    """A hold as the ref of its timer: ids hold no slash, sources may."""
    workspace_id, source, hold_id = key
    return f"{workspace_id}/{hold_id}/{source}"


def _hold_of(ref: str) -> HoldKey:
    workspace_id, hold_id, source = ref.split("/", 2)
    return workspace_id, source, hold_id


def _cause(hold: Hold) -> Cause:
    return Cause(SOURCE, f"{HOLD_EXPIRY}/{_ref(hold.key)}")


def _key(received: Received[Any]) -> HoldKey:
    return received.message.workspace_id, received.cause.source, received.message.hold_id
