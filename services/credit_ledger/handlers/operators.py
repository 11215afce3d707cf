"""What operators command: grants and corrections, once per id, within their limits, on the record (B15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.correcting import forgive, withdraw
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.operator_deed import Deed, OperatorLimits
from services.credit_ledger.handlers.announcements import announce, corrected_by, granted_by
from services.credit_ledger.handlers.hold_answers import expired
from services.credit_ledger.handlers.renewal import set_timers
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.deeds import DayKey
from shared.contracts.catalog import LEDGER_ANSWERS
from shared.contracts.operator_commands import CorrectCredits, GrantCredits, LedgerCommandRefused
from shared.contracts.reasons import Reason
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received, Work

Run = Sequence[Received[GrantCredits | CorrectCredits]]

_REUSED = {"grant": Reason.GRANT_ID_REUSED, "correction": Reason.CORRECTION_ID_REUSED}
_DETAILS = {
    Reason.UNKNOWN_WORKSPACE: "no such workspace in the directory; check workspace_id",
    Reason.UNKNOWN_MEMBER: "no such member in this workspace; check user_id",
    Reason.GRANT_ID_REUSED: "this grant_id was used before with other content, which stands; choose a new one",
    Reason.CORRECTION_ID_REUSED: (
        "this correction_id was used before with other content, which stands; choose a new one"
    ),
}


def handle_deeds(run: Run, work: Work[LedgerRepository]) -> list[Effect]:
    """Decide a run of grants and corrections: lock, read, decide in memory, write. A refusal is final for its id."""
    repository = work.repository
    books = _open(run, repository)
    stated = [_deed(received) for received in run]
    known = repository.deeds.known({deed.key for deed in stated})
    days = repository.deeds.lock_days({(deed.operator_id, deed.day) for deed in stated})
    effects: list[Effect] = []
    new: list[tuple[Deed, Cause]] = []
    causes: dict[AccountKey, Cause] = {}
    for received, deed in zip(run, stated, strict=True):
        earlier = known.get(deed.key)
        if earlier is not None and earlier.content != deed.content:
            reused = _REUSED[deed.family]
            effects.append(_refused(replace(deed, refusal=reused, detail=_DETAILS[reused]), received, final=False))
            continue
        if earlier is None:
            missing = _missing(deed, books)
            if missing is not None and missing[1] is not None and received.may_wait:
                effects.append(Park(received, missing[1]))
                continue
            before = len(books.ends)
            deed = _decide(deed, missing[0] if missing else None, books, days, repository.deeds.limits)
            effects.extend(expired(end.hold, received.cause) for end in books.ends[before:])
            known[deed.key] = deed
            new.append((deed, received.cause))
            causes[deed.workspace_id, deed.user_id] = received.cause
        if earlier is not None or deed.refusal is not None:
            effects.append(_answer(known[deed.key], received))
    changed = books.changed()
    if new:
        repository.deeds.write(new, days)
        repository.accounts.write(changed, books.postings)
        repository.holds.write([], books.ends)
        returned = {end.hold.account: end.at for end in books.ends}
        set_timers(work.timers, books, [(books.accounts[key], at) for key, at in returned.items()])
    for account in changed:
        effects.extend(announce(account, books.may(account.key), causes[account.key]))
    return effects


def _open(run: Run, repository: LedgerRepository) -> Books:
    users = {(received.message.workspace_id, received.message.user_id) for received in run}
    register = repository.directory.share(users)
    repository.accounts.ensure([user for user in users if user in register.roles and user[0] in register.workspaces])
    accounts = repository.accounts.lock(users)
    books = Books(register, repository.catalogs.read(), accounts)
    repository.accounts.load(books.accounts, repository.recalls.lots_in_debt([account.key for account in accounts]))
    times = [received.appended_at for received in run]
    repository.holds.attach(accounts, min(times), max(times))
    return books


def _deed(received: Received[GrantCredits | CorrectCredits]) -> Deed:
    message = received.message
    who = (message.user_id, message.credits, message.operator_id, message.reason, received.appended_at)
    if isinstance(message, GrantCredits):
        return Deed(message.workspace_id, "grant", message.grant_id, "grant", *who)
    return Deed(message.workspace_id, "correction", message.correction_id, message.deed, *who)


def _missing(deed: Deed, books: Books) -> tuple[Reason, str | None] | None:
    """What of the directory is not known, and what to wait for. An account of one who has left can be put right."""
    if deed.kind != "grant" and (deed.workspace_id, deed.user_id) in books.accounts:
        return None
    missing = books.missing(deed.workspace_id, deed.user_id)
    return None if missing is None or missing.reason is Reason.NO_CATALOG else missing


def _decide(deed: Deed, missing: Reason | None, books: Books, days: dict[DayKey, int], limits: OperatorLimits) -> Deed:
    if missing is not None:
        return replace(deed, refusal=missing, detail=_DETAILS[missing])
    day = (deed.operator_id, deed.day)
    if deed.credits > limits.per_command or days[day] + deed.credits > limits.per_day:
        left = max(0, limits.per_day - days[day])
        detail = f"at most {limits.per_command} credits by one command; {left} are left of this operator's day"
        return replace(deed, refusal=Reason.OPERATOR_LIMIT_REACHED, detail=detail)
    account, at = books.accounts[deed.workspace_id, deed.user_id], deed.decided_at
    transaction_id = identity.deed(deed.family, deed.workspace_id, deed.deed_id)
    done = replace(deed, transaction_id=transaction_id)
    if account.holds:
        books.expire(account, at)
    if deed.kind == "grant":
        lot_id = identity.granted_lot(deed.workspace_id, deed.deed_id)
        lot = Lot(lot_id, "top_up", deed.credits, deed.credits, at, grant_id=UUID(deed.deed_id))
        settled = account.credit(lot, transaction_id, (0, 1), at, books.postings)
        done = replace(done, lot_id=lot_id, settled=settled or None)
    elif not (withdraw if deed.kind == "withdraw" else forgive)(account, deed, transaction_id, at, books.postings):
        there = f"owes {account.debt}" if deed.kind == "forgive_debt" else "has less that can be withdrawn"
        return replace(deed, refusal=Reason.NOTHING_TO_CORRECT, detail=f"the account {there}: nothing was corrected")
    days[day] += deed.credits
    return done


def _answer(deed: Deed, received: Received[GrantCredits | CorrectCredits]) -> Outgoing:
    """What was told when it was decided, told again alike."""
    if deed.refusal is not None:
        return _refused(deed, received, final=True)
    return granted_by(deed, received.cause) if deed.kind == "grant" else corrected_by(deed, received.cause)


def _refused(deed: Deed, received: Received[GrantCredits | CorrectCredits], *, final: bool) -> Outgoing:
    assert deed.refusal is not None, "a refusal has its reason"
    answer = LedgerCommandRefused(
        workspace_id=deed.workspace_id,
        operator_id=deed.operator_id,
        command=received.message.type,
        command_id=deed.deed_id,
        reason=deed.refusal,
        detail=deed.detail or "refused",
    )
    return Outgoing(LEDGER_ANSWERS, answer, received.cause, derive("deed-refused", *deed.key) if final else None)
