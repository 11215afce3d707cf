"""`explain`: an account at any moment, from the books: every movement until then with its cause, and what was left."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg

from services.credit_ledger.settings import AuditSettings
from shared.contracts.credit_ledger import POOL
from shared.contracts.instants import instant
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import EXIT_CODE, load_settings
from shared.postgres.pool import Database
from shared.postgres.queries import load

ISSUED = ("quota_issued", "top_up_issued", "grant_issued")

QUERIES = load(Path(__file__).with_name("explain.sql"))


class Movement(NamedTuple):
    """Credits into a lot (positive) or out of it. `contra` is the other account of the posting."""

    decided_at: datetime
    lot_id: UUID
    kind: str
    contra: str
    credits: int
    transaction_id: UUID
    cause: str | None
    who: str | None
    source: str | None
    id: str | None

    @property
    def sentence(self) -> str:
        """One line for people."""
        lot = f"{self.kind.replace('_', '-')} {str(self.lot_id)[:8]}"
        words = (("", self.id), ("of ", self.source), ("by ", self.who))
        named = "".join(f" {word}{value}" for word, value in words if value)
        when = self.decided_at.astimezone(UTC).isoformat(timespec="milliseconds")
        return f"{when} {self.credits:>+11,} {lot:<16} {self.contra}: {self.cause or '?'}{named}"


class Freeze(NamedTuple):
    """A recall that froze a lot (B11, B12): since when and until when, None while it is open at the moment."""

    decided_at: datetime
    lot_id: UUID
    cause: str
    recall_id: UUID
    source: str
    id: str
    until: datetime | None

    @property
    def sentence(self) -> str:
        """One line for people."""
        when = self.decided_at.astimezone(UTC).isoformat(timespec="milliseconds")
        ended = f"until {self.until.astimezone(UTC).isoformat(timespec='milliseconds')}" if self.until else "still"
        return f"{when}      frozen top-up {str(self.lot_id)[:8]} {ended}: {self.cause} {self.recall_id} by {self.id}"


class LotAt(NamedTuple):
    """A lot at the moment: what it had been granted, what of that is still in it, and what of this is withheld (C8)."""

    lot_id: UUID
    kind: str
    opened_at: datetime
    period_end: datetime | None
    purchase_id: UUID | None
    grant_id: UUID | None
    granted: int
    left: int
    withheld: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """An account at a moment."""

    account: str
    at: datetime
    movements: Sequence[Movement]
    lots: Sequence[LotAt]
    freezes: Sequence[Freeze]

    @property
    def debt(self) -> int:
        """What the account owed (C13)."""
        return sum(movement.credits for movement in self.movements if movement.contra == "debt")

    @property
    def frozen(self) -> set[UUID]:
        """The lots that a recall kept frozen."""
        return {freeze.lot_id for freeze in self.freezes if freeze.until is None}


def explain(connection: psycopg.Connection, account: str, at: datetime) -> Explanation | None:
    """Read an account, `workspace/user`, as it was at a moment, from one snapshot; None when there is no such account.
    The connection must not be inside a transaction."""
    workspace_id, _, user_id = account.partition("/")
    about = {"workspace_id": workspace_id, "user_id": user_id, "at": at}
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        if connection.execute(QUERIES["account"], about).fetchone() is None:
            return None
        movements = [Movement(*row) for row in connection.execute(QUERIES["movements"], about)]
        freezes = [Freeze(*row) for row in connection.execute(QUERIES["freezes"], about)]
        quotas: dict[datetime, int] = dict(connection.execute(QUERIES["resizes"], about).fetchall())
        lots = [_lot(row, movements, quotas) for row in connection.execute(QUERIES["lots"], about)]
    return Explanation(account, at, movements, [lot for lot in lots if lot.granted], freezes)


def main(argv: Sequence[str]) -> int:
    """Print it; 0, or 1 when there is no such account, 78 when the address is missing."""
    parser = argparse.ArgumentParser(prog="explain", description="An account at any moment, from the ledger's books.")
    parser.add_argument("account", help="WORKSPACE/USER, or WORKSPACE for its pooled quota")
    parser.add_argument(
        "--at", type=_moment, default=datetime.now(UTC), help="RFC 3339, with an offset; now if left out"
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(argv)
    account = options.account if "/" in options.account else f"{options.account}/{POOL}"
    try:
        settings = load_settings(AuditSettings)
    except SettingsProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return EXIT_CODE
    database = Database(settings.database_url.get_secret_value(), "refill-explain", "credit_ledger")
    with database.connect() as connection:
        explanation = explain(connection, account, options.at)
    if explanation is None:
        sys.stderr.write(f"The books know no account {account}. Write it as WORKSPACE/USER, for example acme/edith.\n")
        return 1
    sys.stdout.write(_as_json(explanation) if options.json else _as_text(explanation))
    return 0


def _lot(
    row: tuple[UUID, str, datetime, datetime | None, datetime | None, UUID | None, UUID | None],
    movements: Sequence[Movement],
    quotas: Mapping[datetime, int],
) -> LotAt:
    lot_id, kind, opened_at, period_start, period_end, purchase_id, grant_id = row
    own = [movement for movement in movements if movement.lot_id == lot_id]
    granted = sum(movement.credits for movement in own if movement.contra in ISSUED)
    left = sum(movement.credits for movement in own)
    given = quotas.get(period_start, granted) if period_start else granted
    withheld = min(left, max(0, granted - given))
    return LotAt(lot_id, kind, opened_at, period_end, purchase_id, grant_id, granted, left, withheld)


def _moment(text: str) -> datetime:
    try:
        return instant(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _as_json(explanation: Explanation) -> str:
    document = {
        "account": explanation.account,
        "at": explanation.at,
        "movements": [movement._asdict() for movement in explanation.movements],
        "lots": [lot._asdict() for lot in explanation.lots],
        "freezes": [freeze._asdict() for freeze in explanation.freezes],
        "debt": explanation.debt,
    }
    return json.dumps(document, default=_plain) + "\n"


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _as_text(explanation: Explanation) -> str:
    lines = [movement.sentence for movement in explanation.movements]
    lines.extend(freeze.sentence for freeze in explanation.freezes)
    lines.append(f"{explanation.account} at {explanation.at.isoformat()}, decided until then:")
    for lot in explanation.lots:
        until = (
            f", until {lot.period_end.astimezone(UTC).isoformat()}"
            if lot.period_end
            else f", purchase {lot.purchase_id}"
            if lot.purchase_id
            else f", granted by {lot.grant_id}"
        )
        frozen = ", frozen" if lot.lot_id in explanation.frozen else ""
        withheld = f", {lot.withheld:,} of it withheld by a smaller plan or seat" if lot.withheld else ""
        name = f"{lot.kind.replace('_', '-')} {str(lot.lot_id)[:8]}"
        lines.append(f"  {name:<16} {lot.left:,} left of {lot.granted:,}{withheld}{frozen}{until}")
    if explanation.debt:
        lines.append(f"  owes {explanation.debt:,}: the next credits bought go into it first")
    return "\n".join(lines) + "\n"
