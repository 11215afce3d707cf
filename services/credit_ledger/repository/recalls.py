"""Recalls: what was decided under each id, for ever; their lines' latest verdicts; and what each verdict moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from services.credit_ledger.domain.books import AccountKey
from services.credit_ledger.domain.recall import Line, Moved, Recall, RecallKey, Standing, Step
from services.credit_ledger.repository.directory import columns
from shared.contracts.reasons import Reason
from shared.messaging.failures import Weather
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("recalls.sql"))

StepKey = tuple[RecallKey, int]


class Recalls(NamedTuple):
    """What is known of some recalls, of all others that their lots are in, and of their verdicts."""

    known: dict[RecallKey, Recall]
    by_lot: dict[UUID, list[Line]]
    steps: dict[StepKey, Step]


class RecallRows:
    """Rows of `recalls`, `recall_lines` and `recall_steps`. They are few: a statement for each is no matter."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def read(self, keys: Collection[RecallKey], lot_ids: Collection[UUID]) -> Recalls:
        """These recalls, and every line of these lots. To be read after the accounts are locked."""
        about: dict[str, Any] = {
            "workspace_ids": [key[0] for key in keys],
            "recall_ids": [UUID(key[1]) for key in keys],
            "lot_ids": list(lot_ids),
        }
        known: dict[RecallKey, Recall] = {}
        for (
            workspace_id,
            recall_id,
            purchase_id,
            cause,
            untouched,
            lots,
            refusal,
            detail,
            at,
        ) in self._connection.execute(QUERIES["recalls"], about):
            key = (workspace_id, str(recall_id))
            reason = Reason(refusal) if refusal else None
            known[key] = Recall(key, str(purchase_id), at, cause, untouched, reason, detail, tuple(lots))
        by_lot: dict[UUID, list[Line]] = {}
        for workspace_id, recall_id, user_id, lot_id, *rest in self._connection.execute(QUERIES["lines"], about):
            *standing, state, step = rest
            recall = known.get((workspace_id, str(recall_id)))
            line = Line(user_id, lot_id, Standing(*standing), state, step, stored=True)
            if recall is not None:
                recall.standings += (line,)
            if state == "refused":
                continue
            if recall is not None:
                recall.lines[lot_id] = line
            by_lot.setdefault(lot_id, []).append(line)
        return Recalls(known, by_lot, self._steps(about))

    def held(self, lot_ids: Collection[UUID]) -> dict[UUID, int]:
        """What open holds keep of these lots."""
        return dict(self._connection.execute(QUERIES["held_of_lots"], {"lot_ids": list(lot_ids)}).fetchall())

    def lots_in_debt(self, keys: Collection[AccountKey]) -> set[UUID]:
        """The lots of these accounts that have paid debt, or of which some came."""
        return {row[0] for row in self._connection.execute(QUERIES["lots_in_debt"], columns(keys))}

    def write(
        self, new: Sequence[tuple[Recall, Cause]], touched: Iterable[Recall], steps: Sequence[tuple[Step, Cause]]
    ) -> None:
        """Keep what was decided now: new recalls, the lines of those that were touched, and their steps. The accounts
        are to be written before.

        Raises `Weather` when another process decided one of them at this very moment: next time it will be seen.
        """
        try:
            self._add(new)
        except psycopg.errors.UniqueViolation as error:
            raise Weather("a recall of this batch was decided elsewhere meanwhile") from error
        self._write_lines(touched)
        self._add_steps(steps)

    def _write_lines(self, recalls: Iterable[Recall]) -> None:
        new, changed = [], []
        for recall in recalls:
            for number, line in enumerate(recall.standings):
                state = "refused" if recall.refusal else line.state
                named = {"workspace_id": recall.key[0], "recall_id": UUID(recall.key[1]), "lot_id": line.lot_id}
                verdict = {**named, "state": state, "step": line.step}
                if line.stored:
                    changed.append(verdict)
                else:
                    new.append({**verdict, "number": number, "user_id": line.user_id, **line.standing._asdict()})
        with self._connection.cursor() as cursor:
            if new:
                cursor.executemany(QUERIES["write_line"], new)
            if changed:
                cursor.executemany(QUERIES["write_verdict"], changed)

    def _add(self, recalls: Sequence[tuple[Recall, Cause]]) -> None:
        if not recalls:
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(
                QUERIES["add_recalls"],
                [
                    {
                        "workspace_id": recall.key[0],
                        "recall_id": UUID(recall.key[1]),
                        "purchase_id": UUID(recall.purchase_id),
                        "cause": recall.cause,
                        "untouched_only": recall.untouched_only,
                        "lots": list(recall.lots),
                        "refusal": recall.refusal.value if recall.refusal else None,
                        "detail": recall.detail,
                        "event_source": cause.source,
                        "event_id": cause.id,
                        "decided_at": recall.decided_at,
                    }
                    for recall, cause in recalls
                ],
            )

    def _add_steps(self, steps: Sequence[tuple[Step, Cause]]) -> None:
        rows = [
            {
                "workspace_id": step.key[0],
                "recall_id": UUID(step.key[1]),
                "step": step.step,
                "number": number,
                "lot_id": moved.lot_id,
                "verdict": step.verdict,
                "credits": moved.credits,
                "debt": moved.debt,
                "transaction_id": step.transaction_id,
                "event_source": cause.source,
                "event_id": cause.id,
                "decided_at": step.decided_at,
            }
            for step, cause in steps
            for number, moved in enumerate(step.moved)
        ]
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(QUERIES["add_step"], rows)

    def _steps(self, about: dict[str, Any]) -> dict[StepKey, Step]:
        found: dict[StepKey, Step] = {}
        for row in self._connection.execute(QUERIES["steps"], about):
            workspace_id, recall_id, purchase_id, number, verdict, transaction_id, at, *moved = row
            key = (workspace_id, str(recall_id))
            before = found[key, number].moved if (key, number) in found else ()
            found[key, number] = Step(
                key, str(purchase_id), number, verdict, transaction_id, at, (*before, Moved(*moved))
            )
        return found
