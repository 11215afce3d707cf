"""Comparisons of our books with the processor's, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row

from services.billing.domain.adoption import is_uuid
from services.billing.domain.reconciliation import Reconciliation, Stage
from services.billing.domain.reconciling import About, Doubt, Ours, Theirs, shelved
from shared.contracts.reconciliation import FindingKind
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "reconciliations.sql")
_FIELDS = tuple(field.name for field in fields(Reconciliation))


@dataclass(frozen=True, slots=True)
class Doubted:
    """Something that differed at first sight, by the names that both sides have for it. `theirs`: as it was shown."""

    about: About
    processor_id: str
    purchase_id: str | None
    refund_id: str | None
    theirs: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a turn has added to a comparison, and where it goes on."""

    stage: Stage
    place: str | None = None
    payments: int = 0
    refunds: int = 0
    disputes: int = 0
    ours: int = 0
    not_looked_at: int = 0
    progress_at: datetime | None = None


class Reconciliations:
    """Comparisons, and what differs in them."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def insert(
        self,
        reconciliation_id: str,
        since: datetime,
        until: datetime,
        cause: Cause,
        asked: tuple[str, bytes] | None = None,
    ) -> bool:
        """Have it done; `asked`: the operator and the content of the command, None by the clock. False when one of the
        same kind is not finished yet, or the id is taken."""
        operator_id, content_hash = asked or (None, None)
        inserted = self._connection.execute(
            QUERIES["insert_reconciliation"],
            {
                "reconciliation_id": reconciliation_id,
                "operator_id": operator_id,
                "content_hash": content_hash,
                "since": since,
                "until": until,
                **_cause_values(cause),
            },
        )
        return inserted.rowcount == 1

    def of(self, reconciliation_id: str) -> Reconciliation | None:
        """A comparison by its id."""
        row = self._row("reconciliation", {"reconciliation_id": reconciliation_id})
        return None if row is None else _reconciliation(row)

    def current(self) -> Reconciliation | None:
        """The one that is worked on, held until commit."""
        row = self._row("current_reconciliation", {})
        return None if row is None else _reconciliation(row)

    def cause(self, reconciliation_id: str) -> Cause:
        """The command, or the clock, behind it."""
        row = self._row("reconciliation", {"reconciliation_id": reconciliation_id})
        assert row is not None, "what is told of is there"
        return Cause(row["cause_source"], row["cause_id"], row["correlation_id"], row["traceparent"])

    def advance(self, run: Reconciliation, progress: Progress, finished_at: datetime | None = None) -> None:
        """Keep what a turn has done. What the processor showed is forgotten when it is finished."""
        values = {field.name: getattr(progress, field.name) for field in fields(Progress)}
        self._connection.execute(
            QUERIES["advance_reconciliation"],
            {"reconciliation_id": run.reconciliation_id, "finished_at": finished_at, **values},
        )
        if progress.stage is Stage.FINISHED:
            self._connection.execute(QUERIES["forget_shown"], {"reconciliation_id": run.reconciliation_id})

    def note_shown(self, run: Reconciliation, page: Sequence[Theirs]) -> None:
        """Remember what the processor has shown."""
        shown = sorted(theirs.processor_id for theirs in page)
        values = {"reconciliation_id": run.reconciliation_id, "processor_ids": shown}
        self._connection.execute(QUERIES["note_shown"], values)

    def books_for(self, page: Sequence[Theirs]) -> Mapping[tuple[About, str], Ours]:
        """All of ours that a page may be about, as `matched` looks them up."""
        payments = {theirs.processor_id for theirs in page if theirs.about is About.PAYMENT}
        payments |= {theirs.payment_intent_id for theirs in page if theirs.payment_intent_id is not None}
        refunds = {theirs.processor_id for theirs in page if theirs.about is About.REFUND}
        return shelved(
            [
                *self._our_payments([theirs.purchase_id for theirs in page], payments),
                *self._our_refunds([theirs.refund_id for theirs in page], refunds),
                *self._our_disputes({theirs.processor_id for theirs in page if theirs.about is About.DISPUTE}),
            ]
        )

    def ours(self, doubted: Doubted) -> Ours | None:
        """What our books have now for something that differed: of a dispute, or of a refund made there, the payment."""
        payments = self._our_payments([doubted.purchase_id], {doubted.processor_id})
        refunds = self._our_refunds([doubted.refund_id], {doubted.processor_id})
        books = shelved([*payments, *refunds, *self._our_disputes({doubted.processor_id})])
        own = {About.PAYMENT: doubted.purchase_id, About.REFUND: doubted.refund_id}.get(doubted.about)
        names = ((doubted.about, own), (doubted.about, doubted.processor_id), (About.PAYMENT, doubted.purchase_id))
        return next((books[about, name] for about, name in names if name is not None and (about, name) in books), None)

    def count_ours(self, run: Reconciliation) -> int:
        """How many of ours the processor was to show."""
        return self._number("count_ours", {"since": run.since, "until": run.until})

    def doubt_unshown(self, run: Reconciliation) -> None:
        """Those of them that it did not show are to be looked at once more."""
        values = {"reconciliation_id": run.reconciliation_id, "since": run.since, "until": run.until}
        self._connection.execute(QUERIES["doubt_unshown"], values)

    def store(self, run: Reconciliation, name: Doubted, state: str, doubt: Doubt | None) -> None:
        """Keep one difference, or that there is none any more."""
        theirs, ours = (doubt.theirs, doubt.ours) if doubt else (None, None)
        refund_id = name.refund_id if is_uuid(name.refund_id) else None
        self._connection.execute(
            QUERIES["store_doubt"],
            {
                "reconciliation_id": run.reconciliation_id,
                "about": name.about,
                "processor_id": name.processor_id,
                "state": state,
                "kind": doubt.judgement.kind if doubt else None,
                "workspace_id": ours.workspace_id if ours else theirs.workspace_id if theirs else None,
                "purchase_id": ours.purchase_id if ours else name.purchase_id,
                "refund_id": refund_id,
                "ours": ours.state if ours else None,
                "theirs": theirs.status if theirs else None,
                "ours_minor": ours.amount_minor if ours else None,
                "theirs_minor": theirs.amount_minor if theirs else None,
                "currency": theirs.currency if theirs else ours.currency if ours else None,
            },
        )

    def next_doubt(self, run: Reconciliation) -> Doubted | None:
        """One that is to be looked at once more."""
        row = self._row("next_doubt", {"reconciliation_id": run.reconciliation_id})
        return None if row is None else _doubted(row)

    def looked_at(self, run: Reconciliation) -> int:
        """How many were looked at once more so far."""
        return self._number("looked_at", {"reconciliation_id": run.reconciliation_id})

    def leave_doubts(self, run: Reconciliation) -> int:
        """Those that are left are not looked at; returns how many."""
        values = {"reconciliation_id": run.reconciliation_id}
        return self._connection.execute(QUERIES["leave_doubts"], values).rowcount

    def woken(self, run: Reconciliation, limit: int) -> list[Doubted]:
        """What was woken and has not been seen to settle, after the comparison's place."""
        values = {"reconciliation_id": run.reconciliation_id, "place": run.place, "limit": limit}
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [_doubted(row) for row in cursor.execute(QUERIES["woken"], values)]

    def heal(self, run: Reconciliation, woken: Doubted) -> None:
        """It has settled: both sides agree."""
        self._connection.execute(
            QUERIES["end_woken"],
            {
                "reconciliation_id": run.reconciliation_id,
                "about": woken.about,
                "processor_id": woken.processor_id,
                "state": "healed",
                "kind": None,
            },
        )

    def give_up_woken(self, run: Reconciliation) -> None:
        """Those that did not settle are for a person."""
        values = {"reconciliation_id": run.reconciliation_id, "kind": FindingKind.NOT_HEALED}
        self._connection.execute(QUERIES["give_up_woken"], values)

    def count(self, run_id: str, state: str) -> int:
        """How many differences ended like this."""
        return self._number("count_doubts", {"reconciliation_id": run_id, "state": state})

    def differences(self, run_id: str, state: str, limit: int) -> list[dict[str, Any]]:
        """The first of them, as the wire has them."""
        return self._dicts("differences", {"reconciliation_id": run_id, "state": state, "limit": limit})

    def parked(self, run_id: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """What waits for a person and is not among the findings yet: the first of them, and how many there are."""
        rows = self._dicts("parked_differences", {"reconciliation_id": run_id, "limit": max(limit, 1)})
        total = int(rows[0]["total"]) if rows else 0
        return [{name: row[name] for name in row if name != "total"} for row in rows[:limit]], total

    def is_scheduled(self, kind: str, ref: str) -> bool:
        """Whether a timer stands."""
        return self._connection.execute(QUERIES["is_scheduled"], {"kind": kind, "ref": ref}).fetchone() is not None

    def _our_payments(self, purchase_ids: Sequence[str | None], processor_ids: set[str]) -> list[Ours]:
        values = {"purchase_ids": _uuids(purchase_ids), "processor_ids": sorted(processor_ids)}
        return self._ours("our_payments", values)

    def _our_refunds(self, refund_ids: Sequence[str | None], processor_ids: set[str]) -> list[Ours]:
        values = {"refund_ids": _uuids(refund_ids), "processor_ids": sorted(processor_ids)}
        return [*self._ours("our_refunds", values), *self._ours("our_mirrored_refunds", values)]

    def _our_disputes(self, processor_ids: set[str]) -> list[Ours]:
        return self._ours("our_disputes", {"processor_ids": sorted(processor_ids)})

    def _ours(self, query: str, values: dict[str, Any]) -> list[Ours]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return [Ours(**row | {"about": About(row["about"])}) for row in cursor.execute(QUERIES[query], values)]

    def _row(self, query: str, values: dict[str, Any]) -> DictRow | None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(QUERIES[query], values).fetchone()

    def _dicts(self, query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(QUERIES[query], values).fetchall()

    def _number(self, query: str, values: dict[str, Any]) -> int:
        row = self._connection.execute(QUERIES[query], values).fetchone()
        assert row is not None
        return int(row[0])


def name_of(doubt: Doubt) -> Doubted:
    """How a difference is called."""
    theirs, ours = doubt.theirs, doubt.ours
    assert theirs is not None
    return Doubted(
        theirs.about,
        theirs.processor_id,
        ours.purchase_id if ours else theirs.purchase_id,
        theirs.refund_id if ours is None or ours.refund_id is None else ours.refund_id,
    )


def _uuids(named: Sequence[str | None]) -> list[str]:
    return sorted({name for name in named if name is not None and is_uuid(name)})


def _reconciliation(row: DictRow) -> Reconciliation:
    return Reconciliation(**{name: row[name] for name in _FIELDS} | {"stage": Stage(row["stage"])})


def _doubted(row: DictRow) -> Doubted:
    return Doubted(**row | {"about": About(row["about"])})


def _cause_values(cause: Cause) -> dict[str, str | None]:
    return {
        "cause_source": cause.source,
        "cause_id": cause.id,
        "correlation_id": cause.correlation_id,
        "traceparent": cause.traceparent,
    }
