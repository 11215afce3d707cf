"""The ledger's tables as dictionaries: a fake of the repository that the same properties hold against the real one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast, get_args
from uuid import UUID

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey, Register
from services.credit_ledger.domain.catalog import ActionPrice, Catalogs, CatalogVersion
from services.credit_ledger.domain.directory import Directory, MemberEntry, WorkspaceEntry, register
from services.credit_ledger.domain.eligibility import Seat
from services.credit_ledger.domain.hold import End, Ended, Hold, HoldKey, Part, RefusedHold
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.operator_deed import Deed, DeedKey, OperatorLimits
from services.credit_ledger.domain.posting import Posting
from services.credit_ledger.domain.recall import Line, Recall, RecallKey, Step
from services.credit_ledger.domain.resizing import Resize
from services.credit_ledger.domain.reversal import Reversal
from services.credit_ledger.domain.usage import Refusal, Usage
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.deeds import DayKey
from services.credit_ledger.repository.holds import EndRow, HoldRow, Known, concerns, end_row, hold_of, row_of
from services.credit_ledger.repository.purchases import Credited, PurchaseKey
from services.credit_ledger.repository.recalls import Recalls, StepKey
from services.credit_ledger.repository.reversals import Burned
from services.credit_ledger.repository.usages import Decided, UsageKey, UsageRow
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.reasons import Reason
from shared.messaging.work import Cause

# Version, period, late until, held, holds until, quota, debt.
AccountRow = tuple[int, datetime | None, datetime | None, datetime | None, int, datetime | None, int, int]
LIMITS = OperatorLimits(per_command=25, per_day=60)
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
    holds: dict[HoldKey, HoldRow] = field(default_factory=dict)
    ends: dict[tuple[HoldKey, int], EndRow] = field(default_factory=dict)
    reversals: dict[UsageKey, tuple[UUID, int, int, datetime]] = field(default_factory=dict)
    purchases: dict[PurchaseKey, Credited] = field(default_factory=dict)
    resizes: dict[tuple[str, str, int], Resize] = field(default_factory=dict)
    conflicts: set[tuple[str, str]] = field(default_factory=set)
    recalls: dict[RecallKey, Recall] = field(default_factory=dict)
    steps: dict[StepKey, Step] = field(default_factory=dict)
    deeds: dict[DeedKey, Deed] = field(default_factory=dict)
    days: dict[DayKey, int] = field(default_factory=dict)

    def repository(self) -> LedgerRepository:
        """The interface that the handlers know."""
        return cast(LedgerRepository, _Repository(self))


class _Repository:
    def __init__(self, tables: Tables) -> None:
        self.directory = _DirectoryRows(tables)
        self.catalogs = _CatalogRows(tables)
        self.accounts = _AccountRows(tables)
        self.usages = _UsageRows(tables)
        self.reversals = _ReversalRows(tables)
        self.holds = _HoldRows(tables)
        self.purchases = _PurchaseRows(tables)
        self.recalls = _RecallRows(tables)
        self.deeds = _DeedRows(tables)


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
                each.low_balance_percent,
            )
            for each in self._tables.catalogs.values()
        )


class _AccountRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def ensure(self, keys: Collection[AccountKey]) -> None:
        for key in keys:
            assert key[0] in self._tables.workspaces, "the foreign key"
            self._tables.accounts.setdefault(key, (0, None, None, None, 0, None, 0, 0))

    def lock(self, keys: Collection[AccountKey]) -> list[Account]:
        return [self._account(key) for key in keys if key in self._tables.accounts]

    def lock_all_of(self, workspace_ids: Collection[str]) -> list[Account]:
        return self.lock([key for key in self._tables.accounts if key[0] in workspace_ids])

    def load(self, accounts: Mapping[AccountKey, Account], lot_ids: Collection[UUID]) -> None:
        for lot_id in set(lot_ids) & set(self._tables.lots):
            owner, lot = self._tables.lots[lot_id]
            if owner in accounts and lot_id not in {each.lot_id for each in accounts[owner].lots}:
                lapsed = (identity.lapse(lot_id), 0) in self._tables.postings
                accounts[owner].add(replace(lot, lapsed=lapsed))

    def write(self, accounts: Sequence[Account], postings: Iterable[Posting]) -> None:
        for account in accounts:
            periods = (account.period_start, account.period_end, account.late_until)
            self._tables.accounts[account.key] = (
                account.version,
                *periods,
                account.held,
                account.holds_until,
                account.quota,
                account.debt,
            )
            assert account.debt >= 0, "the check"
            for resize in account.resizes:
                assert resize[:3] not in self._tables.resizes, "the primary key"
                self._tables.resizes[resize[:3]] = resize
            for lot in account.lots:
                assert (lot.stored is None) == (lot.lot_id not in self._tables.lots), "the primary key"
                assert 0 <= lot.remaining <= lot.granted, "the check"
                assert 0 <= lot.owed <= lot.taken <= lot.granted >= lot.settled >= 0, "the check"
                assert not (lot.frozen and lot.taken), "the check"
                before = self._tables.lots.get(lot.lot_id)
                marked = lot.stored is None or lot.lot_id in account.marked
                assert marked or before is None or marks(before[1]) == marks(lot), "what is not marked is not written"
                self._tables.lots[lot.lot_id] = (account.key, replace(lot, stored=lot.remaining))
        for posting in postings:
            assert (posting.transaction_id, posting.ordinal) not in self._tables.postings, "the primary key"
            self._tables.postings[posting.transaction_id, posting.ordinal] = posting

    def _account(self, key: AccountKey) -> Account:
        version, period_start, period_end, late_until, held, holds_until, quota, debt = self._tables.accounts[key]
        periods = (period_start, period_end, late_until)
        return Account(*key, version, *periods, held, holds_until, quota, debt, self._open_lots(key))

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


class _ReversalRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def burned(self, keys: Collection[UsageKey]) -> dict[UsageKey, Burned]:
        found = {key: Burned() for key in keys if key in self._tables.usages}
        for key, burned in found.items():
            for (transaction_id, _), posting in self._tables.postings.items():
                if transaction_id == self._tables.usages[key].transaction_id and posting.debit_lot_id:
                    burned.account = self._tables.lots[posting.debit_lot_id][0]
                    burned.parts.append(Part(posting.debit_lot_id, posting.credits))
        return found

    def reversed(self, keys: Collection[UsageKey]) -> set[UsageKey]:
        return {key for key in keys if key in self._tables.reversals}

    def write(self, reversals: Sequence[Reversal]) -> None:
        for each in reversals:
            assert each.key not in self._tables.reversals, "the primary key"
            sums = (sum(each.returned.values()), sum(each.lapsed.values()))
            self._tables.reversals[each.key] = (each.transaction_id, *sums, each.at)


class _HoldRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def known(self, keys: Collection[HoldKey]) -> Known:
        known = {key: hold_of(self._tables.holds[key]) for key in keys if key in self._tables.holds}
        for key, hold in known.items():
            end = self._tables.ends.get((key, 1)) or self._tables.ends.get((key, 0))
            if isinstance(hold, Hold) and end:
                hold.ended = Ended(end.burned, end.returned, end.lapsed)
        return known

    def attach(self, accounts: Iterable[Account], first: datetime, last: datetime, asked: Iterable[Hold] = ()) -> None:
        by_key = {account.key: account for account in accounts}
        found = {hold.key: hold for hold in asked if hold.state in ("held", "expired")}
        for row in self._tables.holds.values():
            hold = hold_of(row)
            if not isinstance(hold, Hold) or hold.account not in by_key or not concerns(by_key[hold.account], first):
                continue
            if (hold.state == "held" and hold.expires_at <= last) or (
                hold.state == "expired" and hold.expires_at > first
            ):
                found.setdefault(hold.key, hold)
        for hold in found.values():
            hold.parts = tuple(self._movements(hold.transaction_id, "held"))
            expired = identity.end_of_hold("expired", *hold.key)
            hold.lapsed = frozenset(lot_id for lot_id, _ in self._movements(expired, "lapsed"))
            account = by_key[hold.account]
            account.holds.append(hold)
            _AccountRows(self._tables).load({account.key: account}, {lot_id for lot_id, _ in hold.parts})

    def write(self, new: Sequence[Hold | RefusedHold], ends: Sequence[End]) -> None:
        for row in map(row_of, new):
            assert row[:3] not in self._tables.holds, "the primary key"
            self._tables.holds[row[:3]] = row
        for end in ends:
            assert (end.hold.key, end.ordinal) not in self._tables.ends, "the primary key"
            self._tables.ends[end.hold.key, end.ordinal] = end_row(end)
            self._tables.holds[end.hold.key] = self._tables.holds[end.hold.key]._replace(state=end.hold.state)

    def _movements(self, transaction_id: UUID, sink: str) -> list[Part]:
        numbered = [(transaction_id, number) for number in range(8)]
        postings = [self._tables.postings[key] for key in numbered if key in self._tables.postings]
        return [Part(x.debit_lot_id, x.credits) for x in postings if x.credit_contra == sink and x.debit_lot_id]


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


class _RecallRows:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self, keys: Collection[RecallKey], lot_ids: Collection[UUID]) -> Recalls:
        copies = {key: _copy(recall) for key, recall in self._tables.recalls.items()}
        by_lot: dict[UUID, list[Line]] = {}
        for recall in copies.values():
            for line in recall.lines.values():
                by_lot.setdefault(line.lot_id, []).append(line)
        steps = {key: step for key, step in self._tables.steps.items() if key[0] in keys}
        return Recalls({key: copies[key] for key in keys if key in copies}, by_lot, steps)

    def held(self, lot_ids: Collection[UUID]) -> dict[UUID, int]:
        held = dict.fromkeys(lot_ids, 0)
        for posting in self._tables.postings.values():
            if posting.credit_contra == "held" and posting.debit_lot_id in held:
                held[posting.debit_lot_id] += posting.credits
            if posting.debit_contra == "held" and posting.credit_lot_id in held:
                held[posting.credit_lot_id] -= posting.credits
        return held

    def lots_in_debt(self, keys: Collection[AccountKey]) -> set[UUID]:
        lots = self._tables.lots.values()
        return {lot.lot_id for owner, lot in lots if owner in keys and (lot.settled or lot.owed)}

    def write(
        self, new: Sequence[tuple[Recall, Cause]], touched: Iterable[Recall], steps: Sequence[tuple[Step, Cause]]
    ) -> None:
        for recall, _ in new:
            assert recall.key not in self._tables.recalls, "the primary key"
        for recall in touched:
            self._tables.recalls[recall.key] = _copy(recall)
        for step, _ in steps:
            assert (step.key, step.step) not in self._tables.steps, "the primary key"
            self._tables.steps[step.key, step.step] = step


class _DeedRows:
    limits = LIMITS

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def known(self, keys: Collection[DeedKey]) -> dict[DeedKey, Deed]:
        return {key: self._tables.deeds[key] for key in keys if key in self._tables.deeds}

    def lock_days(self, keys: Collection[DayKey]) -> dict[DayKey, int]:
        return {key: self._tables.days.get(key, 0) for key in keys}

    def write(self, deeds: Sequence[tuple[Deed, Cause]], days: Mapping[DayKey, int]) -> None:
        for deed, _ in deeds:
            assert deed.key not in self._tables.deeds, "the primary key"
            self._tables.deeds[deed.key] = deed
        self._tables.days.update(days)


def _copy(recall: Recall) -> Recall:
    lines = {line.lot_id: replace(line, stored=True) for line in recall.standings}
    named = recall.lines.keys()
    return replace(
        recall, standings=tuple(lines.values()), lines={key: line for key, line in lines.items() if key in named}
    )


def marks(lot: Lot) -> tuple[bool, int, int, int, int]:
    return lot.frozen, lot.taken, lot.owed, lot.settled, lot.withdrawn


def _decided(row: UsageRow) -> Decided:
    stated = row.credits if row.action is None else None
    refusal = None
    if row.reason is not None:
        refusal = Refusal(Reason(row.reason), row.credits, row.available or 0, row.catalog_version)
    return Decided(Usage(row.user_id, row.occurred_at, stated, row.action, row.quantity), refusal)
