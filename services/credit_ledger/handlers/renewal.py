"""Quota of a period: opened when it is first needed, or by the timer of its account, by the same function (C6, C7).

The timer rings at the period's end, and again when the hour for late usage after it is over (C16).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.catalog import Catalogs
from services.credit_ledger.domain.eligibility import seat
from services.credit_ledger.domain.news import Opened
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.repository import LedgerRepository
from shared.messaging.work import Cause, Outgoing, Timers, Work

QUOTA_RENEWAL = "quota-renewal"
SOURCE = "/refill/credit-ledger"

# At the first start the catalog may come a little later than the directory.
CATALOG_WAIT = timedelta(seconds=5)


def renew(refs: Sequence[str], work: Work[LedgerRepository]) -> list[Outgoing]:
    """Bring the accounts into the present: what begins is opened, what is over lapses; set their next timers."""
    keys = [key_of(ref) for ref in refs]
    catalogs = work.repository.catalogs.read()
    if not catalogs:
        work.timers.set_many(QUOTA_RENEWAL, [(ref, work.now + CATALOG_WAIT) for ref in refs])
        return []
    books = _open(keys, work.repository, catalogs)
    for account in books.accounts.values():
        books.turn(account, work.now)
    changed = books.changed()
    work.repository.accounts.write(changed, books.postings)
    set_timers(work.timers, books, [(account, work.now) for account in books.accounts.values()])
    return [
        outgoing
        for account in changed
        for outgoing in announce(account, books.may(account.key), _cause(account, work.now))
    ]


def set_timers(timers: Timers, books: Books, accounts: Iterable[tuple[Account, datetime]]) -> None:
    """Have these accounts, each brought to an instant, looked at when time changes them next."""
    looks = [(ref_of(account.key), books.next_look(account, at)) for account, at in accounts]
    due = [(ref, look) for ref, look in looks if look is not None]
    if due:
        timers.set_many(QUOTA_RENEWAL, due)


def opened_quota(accounts: Iterable[Account]) -> list[tuple[Account, datetime]]:
    """Those of the accounts to which this transaction gave a quota, and the instant of what was done to them last."""
    return [
        (account, account.at)
        for account in accounts
        if account.at is not None
        and any(isinstance(news, Opened) and news.lot.kind == "quota" for news in account.news)
    ]


def ref_of(key: AccountKey) -> str:
    """An account as the ref of its timer: ids hold no slash."""
    return "/".join(key)


def key_of(ref: str) -> AccountKey:
    """The account of a timer's ref."""
    workspace_id, _, user_id = ref.partition("/")
    return workspace_id, user_id


def _open(keys: Sequence[AccountKey], repository: LedgerRepository, catalogs: Catalogs) -> Books:
    register = repository.directory.share(keys)
    seated = [key for key in keys if seat(key[1], register.workspaces.get(key[0]), register.roles.get(key)) is not None]
    repository.accounts.ensure(seated)
    books = Books(register, catalogs, repository.accounts.lock(keys))
    repository.accounts.load(books.accounts, books.unfit())
    return books


def _cause(account: Account, now: datetime) -> Cause:
    return Cause(SOURCE, f"{QUOTA_RENEWAL}/{ref_of(account.key)}/{now.isoformat()}")
