"""Usage taken back: whole, once, to the lots it came from (C12)."""

from __future__ import annotations

from collections.abc import Sequence

from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.hold import Part
from services.credit_ledger.domain.reversal import Reversal, UsageKey, reverse
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.handlers.renewal import set_timers
from services.credit_ledger.repository import LedgerRepository
from shared.contracts.catalog import LEDGER_ANSWERS
from shared.contracts.credit_ledger import UsageReversalRefused
from shared.contracts.product import UsageReversed
from shared.contracts.reasons import Reason
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received, Work

Run = Sequence[Received[UsageReversed]]

_DETAILS = {
    Reason.UNKNOWN_USAGE: "no such usage of this workspace and source; check usage_id",
    Reason.USAGE_NOT_BURNED: "the usage was refused and burned nothing; there is nothing to give back",
}


def reverse_usage(run: Run, work: Work[LedgerRepository]) -> list[Effect]:
    """Give back what each of these usages burned. Taken back before: nothing happens."""
    repository = work.repository
    keys = {_key(received) for received in run}
    burned = repository.reversals.burned(keys)
    owners = {each.account for each in burned.values() if each.account is not None}
    books = Books(repository.directory.share(owners), repository.catalogs.read())
    books.accounts.update((account.key, account) for account in repository.accounts.lock(owners))
    repository.accounts.load(books.accounts, {part.lot_id for each in burned.values() for part in each.parts})
    done = repository.reversals.reversed(keys)
    effects: list[Effect] = []
    new: list[Reversal] = []
    causes: dict[AccountKey, Cause] = {}
    for received in run:
        key = _key(received)
        found = burned.get(key)
        if found is None and received.may_wait:
            effects.append(Park(received, f"usage {received.message.usage_id}"))
        elif found is None or found.account is None:
            reason = Reason.UNKNOWN_USAGE if found is None else Reason.USAGE_NOT_BURNED
            effects.append(_refused(received, reason))
        elif key not in done:
            done.add(key)
            new.append(_reverse(books, found.account, key, found.parts, received))
            causes[found.account] = received.cause
    changed = books.changed()
    if new:
        repository.accounts.write(changed, books.postings)
        repository.reversals.write(new)
        set_timers(work.timers, books, [(account, account.at or work.now) for account in changed])
    for account in changed:
        effects.extend(announce(account, books.may(account.key), causes[account.key]))
    return effects


def _reverse(
    books: Books, owner: AccountKey, key: UsageKey, parts: Sequence[Part], received: Received[UsageReversed]
) -> Reversal:
    return reverse(books.accounts[owner], key, parts, received.appended_at, books.postings)


def _refused(received: Received[UsageReversed], reason: Reason) -> Outgoing:
    answer = UsageReversalRefused(
        workspace_id=received.message.workspace_id,
        usage_id=received.message.usage_id,
        usage_source=received.cause.source,
        reason=reason,
        detail=_DETAILS[reason],
    )
    return Outgoing(LEDGER_ANSWERS, answer, received.cause)


def _key(received: Received[UsageReversed]) -> UsageKey:
    return received.message.workspace_id, received.cause.source, received.message.usage_id
