"""Auto top-up in PostgreSQL (B14), and the balances that set it off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import class_row, dict_row

from services.billing.domain.auto_top_up import DECLINES_ALLOWED, AutoTopUp, Balance, month_of
from services.billing.repository.moved import NotWhereItWas
from shared.contracts.auto_top_up import SetAutoTopUp
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.reasons import Reason
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "auto_top_ups.sql")


class AutoTopUps:
    """One row for each account that was ever topped up by itself; moved under the lock of its workspace."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def store_balances(self, balances: Iterable[BalanceChanged]) -> list[tuple[str, datetime | None]]:
        """Keep the newest of each account. Those that are to be topped up, each with the time it waits for."""
        newest: dict[tuple[str, str], BalanceChanged] = {}
        for balance in balances:
            account = (balance.workspace_id, balance.user_id)
            if account not in newest or newest[account].version < balance.version:
                newest[account] = balance
        if not newest:
            return []
        ordered = [newest[account] for account in sorted(newest)]
        values = {
            "workspace_ids": [balance.workspace_id for balance in ordered],
            "user_ids": [balance.user_id for balance in ordered],
            "versions": [balance.version for balance in ordered],
            "usables": [balance.usable for balance in ordered],
        }
        self._connection.execute(QUERIES["store_balances"], values)
        return self._connection.execute(QUERIES["low_accounts"], values).fetchall()

    def balance(self, workspace_id: str, user_id: str) -> Balance | None:
        """The ledger's latest word that has come."""
        with self._connection.cursor(row_factory=class_row(Balance)) as cursor:
            return cursor.execute(QUERIES["balance"], _account(workspace_id, user_id)).fetchone()

    def store(self, said: SetAutoTopUp, at: datetime, cause: Cause) -> None:
        """Switch it on as was said; the balance that is known, or comes next, is looked at by it."""
        account = _account(said.workspace_id, said.user_id)
        self._connection.execute(QUERIES["hold_balance"], account)
        self._connection.execute(
            QUERIES["store_auto_top_up"],
            {
                **account,
                "actor_id": said.actor_id,
                "package_id": said.package_id,
                "threshold_credits": said.threshold_credits,
                "monthly_cap_minor": said.monthly_cap_minor,
                "currency": said.currency,
                "set_at": at,
                "cause_source": cause.source,
                "cause_id": cause.id,
                "correlation_id": cause.correlation_id,
                "traceparent": cause.traceparent,
            },
        )

    def lock(self, workspace_id: str, user_id: str) -> AutoTopUp | None:
        """The account's auto top-up, held until commit; None when it was never set."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(QUERIES["lock_auto_top_up"], _account(workspace_id, user_id)).fetchone()
        if row is None:
            return None
        held_back_for = row["held_back_for"]
        return AutoTopUp(**{**row, "held_back_for": held_back_for and Reason(held_back_for)})

    def cause(self, auto: AutoTopUp) -> Cause:
        """The command that set it."""
        with self._connection.cursor(row_factory=class_row(Cause)) as cursor:
            cause = cursor.execute(QUERIES["auto_cause"], _account(auto.workspace_id, auto.user_id)).fetchone()
        assert cause is not None
        return cause

    def switch_off(self, auto: AutoTopUp) -> None:
        """Nothing more is bought by itself."""
        self._connection.execute(QUERIES["switch_off"], _account(auto.workspace_id, auto.user_id))

    def begin(self, auto: AutoTopUp, purchase_id: str, at: datetime) -> None:
        """A purchase is under way. Raises `NotWhereItWas` when there was one already."""
        values = {**_account(auto.workspace_id, auto.user_id), "purchase_id": purchase_id, "at": at}
        if self._connection.execute(QUERIES["begin_auto_purchase"], values).rowcount != 1:
            raise NotWhereItWas(f"a purchase for {auto.workspace_id}/{auto.user_id} is under way")
        self._connection.execute(QUERIES["keep_auto_purchase"], values)

    def end(self, auto: AutoTopUp, *, paid: bool, not_before: datetime | None = None) -> None:
        """The purchase under way is over."""
        values = {"purchase_id": auto.purchase_id, "paid": paid, "not_before": not_before}
        self._connection.execute(QUERIES["end_auto_purchase"], {**_account(auto.workspace_id, auto.user_id), **values})

    def note_decline(self, auto: AutoTopUp, attempt: int, not_before: datetime | None) -> None:
        """One decline more, counted once; the last one that is allowed switches it off."""
        values = {
            "purchase_id": auto.purchase_id,
            "attempt": attempt,
            "not_before": not_before,
            "allowed": DECLINES_ALLOWED,
        }
        self._connection.execute(QUERIES["note_decline"], {**_account(auto.workspace_id, auto.user_id), **values})

    def hold_back(self, auto: AutoTopUp, reason: Reason | None, not_before: datetime) -> None:
        """Nothing is bought before this time."""
        values = {"reason": reason, "not_before": not_before}
        self._connection.execute(QUERIES["hold_back"], {**_account(auto.workspace_id, auto.user_id), **values})

    def note_credits(self, workspace_id: str, versions: Mapping[str, int | None]) -> None:
        """These accounts were credited; `versions` are those from which on their balances know."""
        values = {"workspace_id": workspace_id, "user_ids": list(versions), "versions": list(versions.values())}
        self._connection.execute(QUERIES["note_credits"], values)

    def accounts_of(self, purchase_id: str) -> list[str]:
        """The accounts, as workspace/user, whose auto top-up a purchase is of interest to."""
        rows = self._connection.execute(QUERIES["accounts_of_purchase"], {"purchase_id": purchase_id})
        return [account for (account,) in rows]

    def is_being_topped_up(self, auto: AutoTopUp, now: datetime) -> bool:
        """Whether a purchase, anybody's, is about to bring credits."""
        values = {**_account(auto.workspace_id, auto.user_id), "now": now}
        row = self._connection.execute(QUERIES["is_being_topped_up"], values).fetchone()
        return row is not None and row[0]

    def spent_in_month(self, auto: AutoTopUp, at: datetime) -> int:
        """What was bought by itself in the month of this instant, or is about to be, in minor units."""
        first, following = month_of(at)
        values = {"first": first, "next": following, "currency": auto.currency}
        row = self._connection.execute(
            QUERIES["spent_in_month"], {**_account(auto.workspace_id, auto.user_id), **values}
        ).fetchone()
        assert row is not None
        spent_minor: int = row[0]
        return spent_minor


def _account(workspace_id: str, user_id: str) -> dict[str, object]:
    return {"workspace_id": workspace_id, "user_id": user_id}
