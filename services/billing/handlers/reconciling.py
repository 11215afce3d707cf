"""A comparison is asked for, by an operator or by the clock; an errand does it, one at a time over all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import structlog

from services.billing.domain.reconciliation import LOOKS_BACK, OLDEST, Reconciliation, Stage
from services.billing.handlers.content import content_hash
from services.billing.handlers.timers import RECONCILE, RECONCILIATION
from services.billing.repository import BillingRepository
from shared.contracts.catalog import BILLING_RECONCILIATION
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.reconciliation import (
    FINDING_REMEDIES,
    LISTED_AT_MOST,
    Compared,
    Difference,
    FindingKind,
    ReconcilePayments,
    ReconciliationFinished,
    ReconciliationRefused,
)
from shared.messaging.ids import derive
from shared.messaging.work import Alarm, Cause, Effect, Outgoing, Received, Work

log = structlog.get_logger()

THE_PROCESSOR = "processor"  # the one ref of the one errand: so no two of them compare at once
BY_THE_CLOCK = "clock"


def reconcile_payments(messages: Sequence[Received[Any]], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Have it compared, or say why not. Asked again under the same id, it is answered again and not done again."""
    for received in messages:
        yield from _reconcile(received, work)


def _reconcile(received: Received[ReconcilePayments], work: Work[BillingRepository]) -> Iterator[Effect]:
    command, runs = received.message, work.repository.reconciliations
    known = runs.of(command.reconciliation_id)
    if known is not None and known.content_hash != content_hash(command):
        yield _refused(received, Reason.RECONCILIATION_ID_REUSED)
    elif known is not None:
        if known.stage is Stage.FINISHED:
            yield Outgoing(BILLING_RECONCILIATION, finished(known, work), received.cause)
    else:
        yield from _begin(received, work)


def _begin(received: Received[ReconcilePayments], work: Work[BillingRepository]) -> Iterator[Effect]:
    command, until = received.message, received.appended_at
    since = command.since or until - LOOKS_BACK
    if not until - OLDEST <= since <= until:
        yield _refused(received, Reason.SINCE_OUT_OF_BOUNDS)
        return
    asked = (command.operator_id, content_hash(command))
    if work.repository.reconciliations.insert(command.reconciliation_id, since, until, received.cause, asked):
        work.timers.set(RECONCILE, THE_PROCESSOR, work.now)
        log.info("reconciliation_asked_for", reconciliation_id=command.reconciliation_id, since=since.isoformat())
    else:
        yield _refused(received, Reason.IN_PROGRESS)


def reconciliation_alarm(every: timedelta) -> Alarm[BillingRepository]:
    """The clock's own comparison, that often."""

    def due(refs: Sequence[str], work: Work[BillingRepository]) -> Iterator[Outgoing]:
        reconciliation_id = str(derive(RECONCILIATION, BY_THE_CLOCK, work.now.isoformat()))
        # One that took longer than its period is not overtaken: it goes on, and the next one comes in its time.
        cause = Cause(f"timer/{RECONCILIATION}", reconciliation_id)
        work.repository.reconciliations.insert(reconciliation_id, work.now - _window(every), work.now, cause)
        work.timers.set(RECONCILE, THE_PROCESSOR, work.now)
        for ref in refs:
            work.timers.set(RECONCILIATION, ref, work.now + every)
        return iter(())

    handler: Callable[[Sequence[str], Work[BillingRepository]], Iterator[Outgoing]] = due
    return Alarm(RECONCILIATION, handler)


def schedule(every: timedelta, work: Work[BillingRepository]) -> None:
    """The first one; it sets the next ones itself."""
    if not work.repository.reconciliations.is_scheduled(RECONCILIATION, THE_PROCESSOR):
        work.timers.set(RECONCILIATION, THE_PROCESSOR, work.now + every)


def finished(run: Reconciliation, work: Work[BillingRepository]) -> ReconciliationFinished:
    """What came of it, from its rows: healed, and what a person must look at, parked payments among it."""
    runs, run_id = work.repository.reconciliations, run.reconciliation_id
    found = runs.differences(run_id, "found", LISTED_AT_MOST)
    parked, parked_total = runs.parked(run_id, LISTED_AT_MOST - len(found))
    return ReconciliationFinished(
        reconciliation_id=run_id,
        asked_by="clock" if run.operator_id is None else "operator",
        operator_id=run.operator_id,
        since=run.since,
        until=run.until,
        compared=Compared(payments=run.payments, refunds=run.refunds, disputes=run.disputes, ours=run.ours),
        healed=tuple(_difference(row) for row in runs.differences(run_id, "healed", LISTED_AT_MOST)),
        healed_total=runs.count(run_id, "healed"),
        findings=tuple(_difference(row) for row in (*found, *parked)),
        findings_total=runs.count(run_id, "found") + parked_total,
        not_looked_at=run.not_looked_at,
    )


def tell(run: Reconciliation, work: Work[BillingRepository]) -> Outgoing:
    """Once for each comparison, whatever was found: silence would say nothing."""
    told = finished(run, work)
    fields = {
        "reconciliation_id": told.reconciliation_id,
        "compared": told.compared.model_dump(),
        "healed": told.healed_total,
        "findings": told.findings_total,
        "not_looked_at": told.not_looked_at,
    }
    (log.error if told.needs_a_person else log.info)("reconciliation_finished", **fields)
    cause = work.repository.reconciliations.cause(run.reconciliation_id)
    return Outgoing(BILLING_RECONCILIATION, told, cause, event_id=derive(told.type, run.reconciliation_id))


def _difference(row: dict[str, Any]) -> Difference:
    kind = None if row["kind"] is None else FindingKind(row["kind"])
    return Difference(**{**row, "kind": kind, "what_to_do": None if kind is None else FINDING_REMEDIES[kind]})


def _window(every: timedelta) -> timedelta:
    """Never less than what passed since the last one."""
    return max(LOOKS_BACK, 2 * every)


def _refused(received: Received[ReconcilePayments], reason: Reason) -> Outgoing:
    command = received.message
    said = ReconciliationRefused(
        reconciliation_id=command.reconciliation_id,
        operator_id=command.operator_id,
        reason=reason,
        detail=REMEDIES[reason],
    )
    return Outgoing(BILLING_RECONCILIATION, said, received.cause)
