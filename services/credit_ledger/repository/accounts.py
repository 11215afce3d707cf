"""Accounts with their open lots, locked; and what was done to them, written in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.posting import Posting
from services.credit_ledger.domain.resizing import Resize, column
from services.credit_ledger.repository.directory import columns
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("accounts.sql"))

POSTING_TYPES = ("uuid", "int4", "text", "uuid", "text", "uuid", "int8", "timestamptz")

AccountRow = tuple[str, str, int, datetime | None, datetime | None, datetime | None, int, datetime | None, int, int]


class AccountRows:
    """Rows of `accounts`, `lots`, `postings` and `quota_resizes`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def ensure(self, keys: Collection[AccountKey]) -> None:
        """Make accounts that do not exist. Their workspaces must have rows."""
        if keys:
            self._connection.execute(QUERIES["ensure_accounts"], columns(keys))

    def lock(self, keys: Collection[AccountKey]) -> list[Account]:
        """Those of these accounts that exist, locked, with their open lots. Their workspaces must be locked before."""
        if not keys:
            return []
        return self._with_lots(self._connection.execute(QUERIES["lock_accounts"], columns(keys)).fetchall())

    def lock_all_of(self, workspace_ids: Collection[str]) -> list[Account]:
        """All accounts of these workspaces, locked, with their open lots."""
        parameters = {"workspace_ids": sorted(workspace_ids)}
        return self._with_lots(self._connection.execute(QUERIES["lock_accounts_of_workspaces"], parameters).fetchall())

    def load(self, accounts: Mapping[AccountKey, Account], lot_ids: Collection[UUID]) -> None:
        """Give these locked accounts those of these lots that they do not hold yet: ones without credits left."""
        missing = {lot_id: identity.lapse(lot_id) for lot_id in lot_ids}
        for known in [lot.lot_id for account in accounts.values() for lot in account.lots]:
            missing.pop(known, None)
        if not missing:
            return
        parameters = {"lot_ids": list(missing), "lapses": list(missing.values())}
        for workspace_id, user_id, *lot in self._connection.execute(QUERIES["lots"], parameters):
            account = accounts.get((workspace_id, user_id))
            if account is not None:  # a message may name a lot of somebody else
                account.add(Lot(*lot))

    def write(self, accounts: Sequence[Account], postings: Sequence[Posting]) -> None:
        """What was done to the accounts: lots first, for postings refer to them."""
        self._add_lots(accounts)
        self._resize_lots([resize for account in accounts for resize in account.resizes], accounts)
        self._take_from_lots(accounts)
        self._mark_lots([lot for account in accounts for lot in account.marked.values()])
        self._write_accounts(accounts)
        self._copy_postings(postings)

    def _with_lots(self, rows: Sequence[AccountRow]) -> list[Account]:
        lots: dict[AccountKey, list[Lot]] = {(row[0], row[1]): [] for row in rows}
        if lots:
            for workspace_id, user_id, *lot in self._connection.execute(QUERIES["open_lots"], columns(lots)):
                lots[workspace_id, user_id].append(Lot(*lot))
        return [Account(*row, lots=lots[row[0], row[1]]) for row in rows]

    def _add_lots(self, accounts: Iterable[Account]) -> None:
        new = [(account, lot) for account in accounts for lot in account.lots if lot.stored is None]
        if not new:
            return
        self._connection.execute(
            QUERIES["add_lots"],
            {
                **columns(account.key for account, _ in new),
                "lot_ids": [lot.lot_id for _, lot in new],
                "kinds": [lot.kind for _, lot in new],
                "granted": [lot.granted for _, lot in new],
                "remaining": [lot.remaining for _, lot in new],
                "opened_at": [lot.opened_at for _, lot in new],
                "period_starts": [lot.period_start for _, lot in new],
                "period_ends": [lot.period_end for _, lot in new],
                "purchase_ids": [lot.purchase_id for _, lot in new],
                "grant_ids": [lot.grant_id for _, lot in new],
            },
        )

    def _resize_lots(self, resizes: Sequence[Resize], accounts: Iterable[Account]) -> None:
        """Before anything is taken from them: what is left of a lot is never more than what it was granted."""
        if not resizes:
            return
        self._connection.execute(QUERIES["add_resizes"], {name: column(resizes, name) for name in Resize._fields})
        resized = {identity.quota_lot(each.workspace_id, each.user_id, each.period_start) for each in resizes}
        lots = [lot for account in accounts for lot in account.lots if lot.lot_id in resized]
        self._connection.execute(
            QUERIES["resize_lots"],
            {
                "lot_ids": [lot.lot_id for lot in lots],
                "granted": [lot.granted for lot in lots],
                "withheld": [lot.withheld for lot in lots],
            },
        )

    def _take_from_lots(self, accounts: Iterable[Account]) -> None:
        taken = [
            (lot.lot_id, lot.stored - lot.remaining)
            for account in accounts
            for lot in account.lots
            if lot.stored is not None and lot.stored != lot.remaining
        ]
        if taken:
            self._connection.execute(
                QUERIES["take_from_lots"],
                {"lot_ids": [lot_id for lot_id, _ in taken], "credits": [credits for _, credits in taken]},
            )

    def _mark_lots(self, lots: Sequence[Lot]) -> None:
        if lots:
            names = ("frozen", "taken", "owed", "settled", "withdrawn")
            marks = {name: [getattr(lot, name) for lot in lots] for name in names}
            self._connection.execute(QUERIES["mark_lots"], {"lot_ids": [lot.lot_id for lot in lots], **marks})

    def _write_accounts(self, accounts: Sequence[Account]) -> None:
        if accounts:
            self._connection.execute(
                QUERIES["write_accounts"],
                {
                    **columns(account.key for account in accounts),
                    "versions": [account.version for account in accounts],
                    "period_starts": [account.period_start for account in accounts],
                    "period_ends": [account.period_end for account in accounts],
                    "late_untils": [account.late_until for account in accounts],
                    "held": [account.held for account in accounts],
                    "holds_untils": [account.holds_until for account in accounts],
                    "quotas": [account.quota for account in accounts],
                    "debts": [account.debt for account in accounts],
                },
            )

    def _copy_postings(self, postings: Sequence[Posting]) -> None:
        if not postings:
            return
        with self._connection.cursor() as cursor, cursor.copy(QUERIES["copy_postings"]) as copy:
            copy.set_types(POSTING_TYPES)
            for posting in postings:
                copy.write_row(posting)
