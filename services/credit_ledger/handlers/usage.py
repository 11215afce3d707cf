"""Usage: each id is decided once for ever; burned whole or refused (C1, C4, C5, C10, C11, C16, C17)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.usage import Burn, Outcome, Refusal, Usage, detail
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.handlers.hold_answers import expired
from services.credit_ledger.handlers.renewal import opened_quota, set_timers
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.usages import Decided, UsageKey, UsageRow
from shared.contracts.catalog import LEDGER_ANSWERS
from shared.contracts.credit_ledger import UsageRefused
from shared.contracts.product import UsageReported
from shared.contracts.reasons import Reason
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received, Work

Run = Sequence[Received[UsageReported]]


def report_usage(run: Run, work: Work[LedgerRepository]) -> list[Effect]:
    """Decide a whole run: lock, read, decide in memory in log order, write. No statement is made per usage."""
    repository = work.repository
    books = _open(run, repository)
    decided = repository.usages.decided({_key(received) for received in run})
    effects: list[Effect] = []
    rows: list[UsageRow] = []
    causes: dict[AccountKey, Cause] = {}
    for received in run:
        key, usage = _key(received), _usage(received.message)
        if key in decided:
            effects.extend(_repeated(decided[key], usage, received))
            continue
        missing = books.missing(key[0], usage.user_id)
        if missing and missing.waiting_for and received.may_wait:
            effects.append(Park(received, missing.waiting_for))
            continue
        outcome: Outcome
        before = len(books.ends)
        if missing:
            outcome = Refusal(missing.reason, usage.credits or 0)
        else:
            outcome = books.decide(*key, usage, received.appended_at)
            causes[books.payer(key[0], usage.user_id) or (key[0], usage.user_id)] = received.cause
            effects.extend(expired(end.hold, received.cause) for end in books.ends[before:])
        decided[key] = Decided(usage, outcome if isinstance(outcome, Refusal) else None)
        rows.append(_row(key, usage, outcome, received))
        if isinstance(outcome, Refusal):
            effects.append(_refused(received, outcome, derive("usage-refused", *key)))
    changed = books.changed()
    if rows:
        repository.usages.write(rows)
        repository.accounts.write(changed, books.postings)
        repository.holds.write([], books.ends)
        set_timers(work.timers, books, opened_quota(changed))
    for account in changed:
        effects.extend(announce(account, books.may(account.key), causes[account.key]))
    return effects


def _open(run: Run, repository: LedgerRepository) -> Books:
    """Lock workspaces, then accounts (the paying ones, and the users' own for the reason of a refusal), then read."""
    users = {(received.message.workspace_id, received.message.user_id) for received in run}
    register = repository.directory.share(users)
    actions = {received.message.action for received in run if received.message.action is not None}
    books = Books(register, repository.catalogs.read(actions))
    payers = {payer for user in users if (payer := books.payer(*user)) is not None}
    repository.accounts.ensure(payers)
    accounts = repository.accounts.lock(payers | users)
    books.accounts.update((account.key, account) for account in accounts)
    repository.accounts.load(books.accounts, books.unfit())
    times = [received.appended_at for received in run]
    repository.holds.attach(accounts, min(times), max(times))
    return books


def _key(received: Received[UsageReported]) -> UsageKey:
    return received.message.workspace_id, received.cause.source, received.message.usage_id


def _usage(message: UsageReported) -> Usage:
    return Usage(message.user_id, message.occurred_at, message.credits, message.action, message.quantity)


def _row(key: UsageKey, usage: Usage, outcome: Outcome, received: Received[UsageReported]) -> UsageRow:
    what = (*key, usage.user_id, usage.occurred_at, usage.action, usage.quantity)
    version, at = outcome.catalog_version, received.appended_at
    if isinstance(outcome, Burn):
        return UsageRow(*what, outcome.credits, version, "burned", outcome.transaction_id, None, None, at)
    return UsageRow(*what, outcome.needed, version, "refused", None, outcome.reason.value, outcome.available, at)


def _repeated(earlier: Decided, usage: Usage, received: Received[UsageReported]) -> Iterator[Outgoing]:
    """The first effect stands. A refusal is answered again; other content under the id is refused for itself."""
    if earlier.usage != usage:
        # Its id comes from this very message: a usage id may be reused wrongly in many ways.
        yield _refused(received, Refusal(Reason.USAGE_ID_REUSED, usage.credits or 0), None)
    elif earlier.refusal is not None:
        yield _refused(received, earlier.refusal, derive("usage-refused", *_key(received)))


def _refused(received: Received[UsageReported], refusal: Refusal, event_id: UUID | None) -> Outgoing:
    message = received.message
    answer = UsageRefused(
        workspace_id=message.workspace_id,
        usage_id=message.usage_id,
        usage_source=received.cause.source,
        user_id=message.user_id,
        reason=refusal.reason,
        detail=detail(refusal),
        needed=refusal.needed,
        available=refusal.available,
        short_by=refusal.short_by,
    )
    return Outgoing(LEDGER_ANSWERS, answer, received.cause, event_id)
