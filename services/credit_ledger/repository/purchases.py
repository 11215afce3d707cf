"""Credited purchases: what was credited under each id, for ever."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from shared.messaging.failures import Weather
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("purchases.sql"))

PurchaseKey = tuple[str, str]  # workspace, purchase id


@dataclass(frozen=True, slots=True)
class GrantedLine:
    """One line as it was credited. `usable`: whether its owner could use it then. `balance_version`: the account's.
    `debt_settled`: what of it went at once into debt (B11)."""

    user_id: str
    lot_id: str
    credits: int
    usable: bool
    balance_version: int | None = None
    debt_settled: int | None = None


@dataclass(frozen=True, slots=True)
class Credited:
    """A credited purchase."""

    workspace_id: str
    purchase_id: str
    buyer_id: str
    credited_at: datetime
    lines: tuple[GrantedLine, ...]

    @property
    def key(self) -> PurchaseKey:
        """Workspace and purchase."""
        return self.workspace_id, self.purchase_id


class PurchaseRows:
    """Rows of `purchases`, `grants` and `purchase_conflicts`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def credited(self, keys: Collection[PurchaseKey]) -> dict[PurchaseKey, Credited]:
        """Which of these were credited before, and how. To be read after the accounts are locked."""
        found: dict[PurchaseKey, Credited] = {}
        lines: dict[PurchaseKey, list[GrantedLine]] = {}
        parameters = {"workspace_ids": [key[0] for key in keys], "purchase_ids": [UUID(key[1]) for key in keys]}
        for (
            workspace_id,
            purchase_id,
            buyer_id,
            credited_at,
            user_id,
            lot_id,
            credits,
            usable,
            *about_debt,
        ) in self._connection.execute(QUERIES["credited"], parameters):
            key = (workspace_id, str(purchase_id))
            lines.setdefault(key, []).append(GrantedLine(user_id, str(lot_id), credits, usable, *about_debt))
            found[key] = Credited(workspace_id, str(purchase_id), buyer_id, credited_at, tuple(lines[key]))
        return found

    def taken_lots(self, lot_ids: Collection[str]) -> set[str]:
        """Which of these lot ids exist."""
        rows = self._connection.execute(QUERIES["taken_lots"], {"lot_ids": [UUID(lot_id) for lot_id in lot_ids]})
        return {str(row[0]) for row in rows}

    def write(self, purchases: Sequence[Credited]) -> None:
        """Keep what was credited now; the lots follow.

        Raises `Weather` when another process credited one of them at this very moment: next time it will be seen.
        """
        if not purchases:
            return
        lines = [(purchase, number, line) for purchase in purchases for number, line in enumerate(purchase.lines)]
        try:
            self._connection.execute(
                QUERIES["add_purchases"],
                {
                    "workspace_ids": [purchase.workspace_id for purchase in purchases],
                    "purchase_ids": [UUID(purchase.purchase_id) for purchase in purchases],
                    "buyer_ids": [purchase.buyer_id for purchase in purchases],
                    "lines": [len(purchase.lines) for purchase in purchases],
                    "credited_at": [purchase.credited_at for purchase in purchases],
                },
            )
            self._connection.execute(
                QUERIES["add_grants"],
                {
                    "workspace_ids": [purchase.workspace_id for purchase, _, _ in lines],
                    "purchase_ids": [UUID(purchase.purchase_id) for purchase, _, _ in lines],
                    "lot_ids": [UUID(line.lot_id) for _, _, line in lines],
                    "user_ids": [line.user_id for _, _, line in lines],
                    "credits": [line.credits for _, _, line in lines],
                    "line_numbers": [number for _, number, _ in lines],
                    "usable": [line.usable for _, _, line in lines],
                    "balance_versions": [line.balance_version for _, _, line in lines],
                    "debts_settled": [line.debt_settled for _, _, line in lines],
                },
            )
        except psycopg.errors.UniqueViolation as error:
            raise Weather("a purchase of this batch was credited elsewhere meanwhile") from error

    def keep_conflict(self, key: PurchaseKey, event: tuple[str, str], stated: object, seen_at: datetime) -> None:
        """Keep what contradicts a credited purchase, once per event (its source and id), for a person."""
        self._connection.execute(
            QUERIES["add_conflict"],
            {
                "workspace_id": key[0],
                "purchase_id": UUID(key[1]),
                "event_source": event[0],
                "event_id": event[1],
                "stated": Jsonb(stated),
                "seen_at": seen_at,
            },
        )
