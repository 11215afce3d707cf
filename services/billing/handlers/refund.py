"""Has the processor refund what the ledger has frozen, and finishes what a crash or a lost answer left (B10, B11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from services.billing.domain.refund import Refund, RefundState
from services.billing.domain.refunding import (
    RefundAnswer,
    RefundCall,
    RefundOutcome,
    RefundRow,
    RefundStep,
    decided,
    refund_step,
)
from services.billing.domain.schedule import LOOK_AGAIN, poll_after, retry_after
from services.billing.handlers.refund_ends import closed, failed, refunded
from services.billing.handlers.timers import DISPUTES, MIRROR, REFUND
from services.billing.repository import BillingRepository
from shared.messaging.crash_points import reach
from shared.messaging.failures import SettingsProblem
from shared.messaging.work import Outgoing, Work

log = structlog.get_logger()

# Borders of a refund at which a test can have the process killed, besides the runtime's own.
BEFORE_STRIPE = "billing.refund.before-stripe"
AFTER_STRIPE = "billing.refund.after-stripe"

IN_FLIGHT = frozenset({RefundState.FROZEN, RefundState.REFUNDING, RefundState.UNKNOWN})


class Refunder(Protocol):
    """What is needed of a processor. No call raises for anything that it or the network may do."""

    def refund(self, refund: Refund) -> RefundAnswer:
        """Refund it, under its key."""

    def read_refund(self, refund: Refund, processor_refund_id: str) -> RefundAnswer:
        """Read a refund there."""

    def find_refund(self, refund: Refund) -> RefundAnswer:
        """Look for it among those of its payment; its absence there is proof."""


@dataclass(frozen=True, slots=True)
class Refunding:
    """One call to make, for the refund as it stands at its recovery point."""

    refund: Refund
    step: RefundStep


class RefundErrand:
    """One call per turn; the recovery point stands in the database before it, the outcome after it."""

    kind = REFUND
    after_cold_start = False  # money once begun is finished by what its own rows say

    def __init__(self, processor: Refunder, lease_s: int, concurrency: int) -> None:
        self._processor = processor
        self.lease_s = lease_s
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[BillingRepository]) -> Refunding | None:
        """Keep what is about to be tried, before it is tried."""
        refunds = work.repository.refunds
        refund = refunds.lock(ref)
        step = refund_step(refund, work.now) if refund else None
        if refund is None or step is None:
            return None
        if step.before is not refund.state:
            refunds.move(refund, step.before)
        if step.call is RefundCall.CREATE:
            refunds.note_first_try(ref, work.now)
        refund = refunds.lock(ref)
        assert refund is not None
        return Refunding(refund, step)

    def perform(self, request: Refunding) -> RefundAnswer:
        """The call. Safe to repeat: the same key, or a reading. Raises SettingsProblem on 401."""
        reach(BEFORE_STRIPE)
        answer = self._call(request)
        reach(AFTER_STRIPE)
        if answer.outcome is RefundOutcome.UNAUTHORIZED:
            raise SettingsProblem(
                "the payment processor does not accept our key (401): set REFILL_STRIPE_API_KEY to a valid one. "
                "Nothing was refunded; refunds go on where they stand."
            )
        return answer

    def record(
        self, ref: str, request: Refunding, answer: RefundAnswer, work: Work[BillingRepository]
    ) -> Iterable[Outgoing]:
        """The decision table; then again later while nothing is final."""
        repository = work.repository
        repository.directory.lock([request.refund.workspace_id])
        refund = repository.refunds.lock(ref)
        assert refund is not None
        if refund.state is not request.refund.state:
            return ()  # somebody else has learned more meanwhile
        row = decided(refund, answer.outcome, work.now)
        to = row.to or refund.state
        if answer.outcome is RefundOutcome.DISPUTED:  # the first we hear of it
            work.timers.set(DISPUTES, refund.purchase_id, work.now)
        if answer.outcome is RefundOutcome.REJECTED:  # perhaps because the processor refunded it by itself
            work.timers.set(MIRROR, refund.purchase_id, work.now)
        told = list(self._told(refund, row, answer, work))
        self._again(ref, refund, to, work)
        return told

    def _told(
        self, refund: Refund, row: RefundRow, answer: RefundAnswer, work: Work[BillingRepository]
    ) -> Iterable[Outgoing]:
        refunds = work.repository.refunds
        to = row.to or refund.state
        cause = refunds.cause(refund.refund_id)
        named = answer.processor_refund_id
        if to is refund.state:
            refunds.move(refund, to, processor_refund_id=named)
        elif to is RefundState.SUCCEEDED:
            refunds.move(refund, to, processor_refund_id=named, verdict=True)
            yield refunded(refund, named or refund.processor_refund_id or "", cause, work)
            yield closed(refund, "take_back", cause)
        elif to is RefundState.FAILED:
            assert row.reason is not None, "a failure has its reason"
            refunds.move(refund, to, reason=row.reason, processor_refund_id=named, verdict=True)
            yield failed(refund, row.reason, cause)
            yield closed(refund, "give_back", cause)
        else:
            if to is RefundState.PARKED:
                log.error(
                    "refund_needs_a_person",
                    refund_id=refund.refund_id,
                    purchase_id=refund.purchase_id,
                    because=answer.outcome,
                    detail=answer.detail,
                    request_id=answer.request_id,
                )
            refunds.move(refund, to, processor_refund_id=named)

    def _call(self, request: Refunding) -> RefundAnswer:
        refund, processor = request.refund, self._processor
        match request.step.call:
            case RefundCall.CREATE:
                return processor.refund(refund)
            case RefundCall.RETRIEVE:
                assert refund.processor_refund_id is not None
                return processor.read_refund(refund, refund.processor_refund_id)
            case RefundCall.FIND:
                return processor.find_refund(refund)

    def _again(self, ref: str, refund: Refund, to: RefundState, work: Work[BillingRepository]) -> None:
        tries = refund.tries if to is refund.state else 0
        if to in IN_FLIGHT:
            work.timers.set(REFUND, ref, work.now + retry_after(tries, ref))
        elif to is RefundState.PENDING:
            work.timers.set(REFUND, ref, work.now + poll_after(tries, ref))
        elif to is RefundState.PARKED:
            work.timers.set(REFUND, ref, work.now + LOOK_AGAIN)
