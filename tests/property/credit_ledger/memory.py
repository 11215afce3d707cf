"""The ledger's tables as dictionaries: a fake of the repository that the same properties hold against the real one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast, get_args
from uuid import UUID

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey, Register
from services.credit_ledger.domain.catalog import ActionPrice, Catalogs, CatalogVersion
from services.credit_ledger.domain.directory import Directory, MemberEntry, WorkspaceEntry, register
from services.credit_ledger.domain.eligibility import Seat
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.posting import Posting
from services.credit_ledger.domain.usage import Refusal, Usage
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.purchases import Credited, PurchaseKey
from services.credit_ledger.repository.usages import Decided, UsageKey, UsageRow
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.reasons import Reason

AccountRow = tuple[int, datetime | None, datetime | None, datetime | None]  # version, period, late until
SEATS: tuple[Seat, ...] = get_args(Seat)


@dataclass
class Tables:
    """Everything the ledger keeps."""

    workspaces: dict[str, WorkspaceEntry] = field(default_factory=dict)
    members: dict[AccountKey, MemberEntry] = field(default_factory=dict)
    catalogs: dict[int, CatalogPublished] = field(default_factory=dict)
    accounts: dict[AccountKey, AccountRow] = field(default_factory=dict)
    lots: dict[UUID, tuple[AccountKey, Lot]] = field(default_factory=dict)
    postings: dict[tuple[UUID, int], Posting] = field(default_factory=dict)
    usages: dict[UsageKey, UsageRow] = field(default_factory=dict)
    purchases: dict[PurchaseKey, Credited] = field(default_factory=dict)
    conflicts: set[tuple[str, str]] = field(default_factory=set)

    def repository(self) -> LedgerRepository:
        """The interface that the handlers know."""
        return cast(LedgerRepository, _Repository(self))


class _Repository:
    def __init__(self, tables: Tables) -> None:
        self.directory = _DirectoryRows(tables)
        self.catalogs = _CatalogRows(tables)
        self.accounts = _AccountRows(tables)
        self.usages = _UsageRows(tables)
        self.purchases = _PurchaseRows(tables)


class _DirectoryRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def share(self, keys: Collection[AccountKey]) -> Register:
        return register(self.hold_workspaces({workspace_id for workspace_id, _ in keys}), self.members(keys))

    def name_workspaces(self, workspace_ids: Collection[str]) -> None:
        for name in workspace_ids:
            self._tables.workspaces.setdefault(name, WorkspaceEntry())

    def hold_workspaces(self, workspace_ids: Collection[str]) -> dict[str, WorkspaceEntry]:
        return {
            name: replace(self._tables.workspaces[name]) for name in workspace_ids if name in self._tables.workspaces
        }

    def members(self, keys: Collection[AccountKey]) -> dict[AccountKey, MemberEntry]:
        return {key: replace(self._tables.members[key]) for key in keys if key in self._tables.members}

    def members_of(self, workspace_ids: Collection[str]) -> dict[AccountKey, MemberEntry]:
        return self.members([key for key in self._tables.members if key[0] in workspace_ids])

    def write(self, directory: Directory) -> None:
        self._tables.workspaces.update({name: directory.workspaces[name] for name in directory.changed_workspaces})
        self._tables.members.update({key: directory.members[key] for key in directory.changed_members})


class _CatalogRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, catalog: CatalogPublished) -> None:
        self._tables.catalogs.setdefault(catalog.catalog_version, catalog)

    def read(self, actions: Collection[str] = ()) -> Catalogs:
        return Catalogs(
            CatalogVersion(
                each.catalog_version,
                each.effective_at,
                each.quotas.free_first_period,
                {seat: getattr(each.quotas, seat) for seat in SEATS},
                {price.action: ActionPrice(price.credits, price.per) for price in each.action_prices},
            )
            for each in self._tables.catalogs.values()
        )


class _AccountRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def ensure(self, keys: Collection[AccountKey]) -> None:
        for key in keys:
            assert key[0] in self._tables.workspaces, "the foreign key"
            self._tables.accounts.setdefault(key, (0, None, None, None))

    def lock(self, keys: Collection[AccountKey]) -> list[Account]:
        return [self._account(key) for key in keys if key in self._tables.accounts]

    def lock_all_of(self, workspace_ids: Collection[str]) -> list[Account]:
        return self.lock([key for key in self._tables.accounts if key[0] in workspace_ids])

    def write(self, accounts: Sequence[Account], postings: Iterable[Posting]) -> None:
        for account in accounts:
            row = (account.version, account.period_start, account.period_end, account.late_until)
            self._tables.accounts[account.key] = row
            for lot in account.lots:
                assert (lot.stored is None) == (lot.lot_id not in self._tables.lots), "the primary key"
                assert 0 <= lot.remaining <= lot.granted, "the check"
                self._tables.lots[lot.lot_id] = (account.key, replace(lot, stored=lot.remaining))
        for posting in postings:
            assert (posting.transaction_id, posting.ordinal) not in self._tables.postings, "the primary key"
            self._tables.postings[posting.transaction_id, posting.ordinal] = posting

    def _account(self, key: AccountKey) -> Account:
        version, period_start, period_end, late_until = self._tables.accounts[key]
        return Account(*key, version, period_start, period_end, late_until, self._open_lots(key))

    def _open_lots(self, key: AccountKey) -> list[Lot]:
        return [replace(lot) for owner, lot in self._tables.lots.values() if owner == key and lot.remaining]


class _UsageRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def decided(self, keys: Iterable[UsageKey]) -> dict[UsageKey, Decided]:
        return {key: _decided(self._tables.usages[key]) for key in keys if key in self._tables.usages}

    def write(self, rows: Iterable[UsageRow]) -> None:
        for row in rows:
            assert row[:3] not in self._tables.usages, "the primary key"
            self._tables.usages[row[:3]] = row


class _PurchaseRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def credited(self, keys: Collection[PurchaseKey]) -> dict[PurchaseKey, Credited]:
        return {key: self._tables.purchases[key] for key in keys if key in self._tables.purchases}

    def taken_lots(self, lot_ids: Collection[str]) -> set[str]:
        return {lot_id for lot_id in lot_ids if UUID(lot_id) in self._tables.lots}

    def write(self, purchases: Sequence[Credited]) -> None:
        for purchase in purchases:
            assert purchase.key not in self._tables.purchases, "the primary key"
            self._tables.purchases[purchase.key] = purchase

    def keep_conflict(self, key: PurchaseKey, event: tuple[str, str], stated: Any, seen_at: datetime) -> None:
        self._tables.conflicts.add(event)


def _decided(row: UsageRow) -> Decided:
    stated = row.credits if row.action is None else None
    refusal = None
    if row.reason is not None:
        refusal = Refusal(Reason(row.reason), row.credits, row.available or 0, row.catalog_version)
    return Decided(Usage(row.user_id, row.occurred_at, stated, row.action, row.quantity), refusal)
