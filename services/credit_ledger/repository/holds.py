"""The permanent row of each hold, and how it ended; its parts are postings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.hold import End, Ended, Hold, HoldKey, Part, RefusedHold, State, Wanted
from services.credit_ledger.domain.usage import Refusal
from services.credit_ledger.repository.accounts import AccountRows
from services.credit_ledger.repository.directory import columns
from shared.contracts.reasons import Reason
from shared.messaging.failures import Weather
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("holds.sql"))

HOLD_TYPES = (
    *("text", "text", "text", "text", "text", "int8", "int8", "int4", "int8", "text"),
    *("uuid", "timestamptz", "text", "int8", "timestamptz", "text"),
)
END_TYPES = ("text", "text", "text", "int4", "text", "uuid", "int8", "int8", "int8", "timestamptz")

Known = dict[HoldKey, Hold | RefusedHold]


class HoldRow(NamedTuple):
    """A row of `holds`."""

    workspace_id: str
    source: str
    hold_id: str
    user_id: str
    action: str | None
    quantity: int | None
    credits: int
    expires_in_s: int
    catalog_version: int | None
    account_id: str | None
    transaction_id: UUID | None
    expires_at: datetime | None
    reason: str | None
    available: int | None
    decided_at: datetime
    state: str


class EndRow(NamedTuple):
    """A row of `hold_ends`."""

    workspace_id: str
    source: str
    hold_id: str
    ordinal: int
    how: str
    transaction_id: UUID
    burned: int
    returned: int
    lapsed: int
    decided_at: datetime


class HoldRows:
    """Rows of `holds` and `hold_ends`."""

    def __init__(self, connection: psycopg.Connection, accounts: AccountRows) -> None:
        self._connection = connection
        self._accounts = accounts

    def known(self, keys: Collection[HoldKey]) -> Known:
        """Which of these were decided before. What they say of a hold's state counts under its account's lock only;
        its parts are read by `attach`."""
        if not keys:
            return {}
        rows = [HoldRow(*row) for row in self._connection.execute(QUERIES["holds"], key_columns(keys))]
        known = {row[:3]: hold_of(row) for row in rows}
        over = [key for key, hold in known.items() if isinstance(hold, Hold) and hold.state != "held"]
        if over:
            for workspace_id, source, hold_id, _, *sums in self._connection.execute(QUERIES["ends"], key_columns(over)):
                hold = known[workspace_id, source, hold_id]
                assert isinstance(hold, Hold), "a refused hold cannot end"
                hold.ended = Ended(*sums)
        return known

    def attach(self, accounts: Iterable[Account], first: datetime, last: datetime, asked: Iterable[Hold] = ()) -> None:
        """Give each of these locked accounts its holds that matter to decisions appended from `first` to `last`, and
        those `asked` for, with their parts; and the lots of these."""
        by_key = {account.key: account for account in accounts}
        found = {hold.key: hold for hold in asked if hold.state in ("held", "expired")}
        concerned = [account.key for account in by_key.values() if concerns(account, first)]
        if concerned:
            parameters = {**columns(concerned), "first": first, "last": last}
            for row in self._connection.execute(QUERIES["holds_of_accounts"], parameters):
                hold = hold_of(HoldRow(*row))
                assert isinstance(hold, Hold), "a refused hold has no account"
                found.setdefault(hold.key, hold)
        if not found:
            return
        self._read_parts(list(found.values()))
        for hold in found.values():
            by_key[hold.account].holds.append(hold)
        wanted = {lot_id for hold in found.values() for lot_id, _ in hold.parts}
        self._accounts.load(by_key, wanted)

    def write(self, new: Sequence[Hold | RefusedHold], ends: Sequence[End]) -> None:
        """Keep what was decided now, in the order of the keys. The accounts are to be written before.

        Raises `Weather` when another process decided one of them at this very moment: next time it will be seen.
        """
        try:
            self._copy("copy_holds", HOLD_TYPES, sorted(map(row_of, new)))
        except psycopg.errors.UniqueViolation as error:
            raise Weather("a hold of this batch was decided elsewhere meanwhile") from error
        self._copy("copy_ends", END_TYPES, sorted(map(end_row, ends)))
        written = {hold.key for hold in new}
        changed = {end.hold.key: end.hold.state for end in ends if end.hold.key not in written}
        if changed:
            states = [changed[key] for key in sorted(changed)]
            self._connection.execute(QUERIES["write_states"], {**key_columns(sorted(changed)), "states": states})

    def _read_parts(self, holds: Sequence[Hold]) -> None:
        parts = self._movements([hold.transaction_id for hold in holds], "held")
        expired = {identity.end_of_hold("expired", *hold.key): hold for hold in holds if hold.state == "expired"}
        lapsed = self._movements(list(expired), "lapsed") if expired else {}
        for hold in holds:
            hold.parts = tuple(parts[hold.transaction_id])
        for transaction_id, hold in expired.items():
            hold.lapsed = frozenset(lot_id for lot_id, _ in lapsed.get(transaction_id, ()))

    def _movements(self, transaction_ids: list[UUID], sink: str) -> dict[UUID, list[Part]]:
        parts: dict[UUID, list[Part]] = {}
        parameters = {"transaction_ids": transaction_ids, "sink": sink}
        for transaction_id, lot_id, credits in self._connection.execute(QUERIES["parts"], parameters):
            parts.setdefault(transaction_id, []).append(Part(lot_id, credits))
        return parts

    def _copy(self, query: str, types: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
        if not rows:
            return
        with self._connection.cursor() as cursor, cursor.copy(QUERIES[query]) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)


def concerns(account: Account, first: datetime) -> bool:
    """Whether holds of an account can matter to what was appended from an instant on."""
    return account.holds_until is not None and (account.held > 0 or account.holds_until > first)


def key_columns(keys: Iterable[HoldKey]) -> dict[str, list[str]]:
    """Keys of holds as the three arrays that queries unnest."""
    listed = list(keys)
    return {
        "workspace_ids": [key[0] for key in listed],
        "sources": [key[1] for key in listed],
        "hold_ids": [key[2] for key in listed],
    }


def hold_of(row: HoldRow) -> Hold | RefusedHold:
    """A row as the domain knows it."""
    stated = row.credits if row.action is None else None
    wanted = Wanted(row.user_id, stated, row.action, row.quantity, row.expires_in_s)
    if row.account_id is None or row.transaction_id is None or row.expires_at is None:
        assert row.reason is not None, "what was not placed was refused"
        refusal = Refusal(Reason(row.reason), row.credits, row.available or 0, row.catalog_version)
        return RefusedHold(row[:3], wanted, refusal, row.decided_at)
    what = (row.account_id, row.credits, row.catalog_version, row.transaction_id, row.decided_at, row.expires_at)
    state: State = row.state  # type: ignore[assignment]  # the table's check names the same states
    return Hold(row[:3], wanted, *what, state)


def row_of(hold: Hold | RefusedHold) -> HoldRow:
    """A hold as its row."""
    user_id, _, action, quantity, expires_in_s = hold.wanted
    row = HoldRow(
        *(*hold.key, user_id, action, quantity, 0, expires_in_s),
        *(None, None, None, None, None, None, hold.decided_at, "refused"),
    )
    if isinstance(hold, RefusedHold):
        why = hold.refusal
        return row._replace(
            credits=why.needed, catalog_version=why.catalog_version, reason=why.reason.value, available=why.available
        )
    return row._replace(
        credits=hold.credits,
        catalog_version=hold.catalog_version,
        account_id=hold.account_id,
        transaction_id=hold.transaction_id,
        expires_at=hold.expires_at,
        state=hold.state,
    )


def end_row(end: End) -> EndRow:
    """An end as its row."""
    return EndRow(*end.hold.key, end.ordinal, end.how, end.transaction_id, *end.sums, end.at)
