"""Reads the disputes of a payment and tells what is new of them: a webhook is only a hint (B12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from services.billing.domain.dispute import Dispute, DisputesRead, DisputeState, ShownDispute, news
from services.billing.domain.outcome import Outcome
from services.billing.domain.purchase import Purchase, PurchaseState
from services.billing.domain.refund import RefundState
from services.billing.handlers.dispute_words import told
from services.billing.handlers.timers import DISPUTES
from services.billing.repository import BillingRepository
from shared.messaging.crash_points import reach
from shared.messaging.failures import SettingsProblem
from shared.messaging.ids import derive
from shared.messaging.work import Outgoing, Work

log = structlog.get_logger()

AFTER_STRIPE = "billing.dispute.after-stripe"

READ_AGAIN = timedelta(minutes=1)  # the processor did not answer
# Banks take weeks; with all webhooks lost an end is learned within hours.
WATCH_OPEN = timedelta(hours=6)


class DisputeReader(Protocol):
    """What is needed of a processor. It raises for nothing that it or the network may do."""

    def disputes_of(self, payment_intent_id: str) -> DisputesRead:
        """All disputes of this payment, oldest first."""


@dataclass(frozen=True, slots=True)
class DisputesAsked:
    """Of which payment the disputes are read."""

    workspace_id: str
    payment_intent_id: str


class DisputeErrand:
    """Reads change nothing there; what was told is kept in the transaction that tells it."""

    kind = DISPUTES
    after_cold_start = False  # what the processor shows needs no directory

    def __init__(self, processor: DisputeReader, lease_s: int, concurrency: int) -> None:
        self._processor = processor
        self.lease_s = lease_s
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[BillingRepository]) -> DisputesAsked | None:
        """Nothing is told before the purchase is credited: its credits could not be frozen. Then it is read again."""
        purchase = work.repository.purchases.lock(ref)
        payment = work.repository.payments.lock(ref)
        if purchase is None or purchase.state is not PurchaseState.CREDITED:
            return None
        if payment is None or payment.intent_id is None:
            return None
        return DisputesAsked(payment.workspace_id, payment.intent_id)

    def perform(self, request: DisputesAsked) -> DisputesRead:
        """The reading. Raises SettingsProblem on 401."""
        read = self._processor.disputes_of(request.payment_intent_id)
        reach(AFTER_STRIPE)
        if read.failure is Outcome.UNAUTHORIZED:
            raise SettingsProblem(
                "the payment processor does not accept our key (401): set REFILL_STRIPE_API_KEY to a valid one. "
                "Disputes are read when it does."
            )
        return read

    def record(
        self, ref: str, request: DisputesAsked, answer: DisputesRead, work: Work[BillingRepository]
    ) -> Iterable[Outgoing]:
        """Tell what is new; then again later while one is open or none could be read."""
        repository = work.repository
        repository.directory.lock([request.workspace_id])
        if answer.failure is not None:
            log.warning("disputes_not_read", purchase_id=ref, because=answer.failure, detail=answer.detail)
            work.timers.set(DISPUTES, ref, work.now + READ_AGAIN)
            return ()
        purchase = repository.purchases.lock(ref)
        payment = repository.payments.lock(ref)
        assert purchase is not None
        assert payment is not None
        cause = repository.payments.cause(payment)
        known = repository.disputes.lock(ref)
        said: list[Outgoing] = []
        for shown in answer.disputes:
            before = known.get(shown.dispute_id)
            new = news(before.standing if before else None, shown)
            if new is None:
                continue
            if before is None:
                dispute = _opened(shown, purchase, work)
                repository.disputes.insert(dispute, new.after)
            else:
                dispute = before
                repository.disputes.note(dispute.dispute_id, new.after)
            log.info(
                "purchase_disputed",
                purchase_id=ref,
                dispute_id=dispute.dispute_id,
                state=new.after.state,
                new=new.opened,
            )
            said += told(dispute, new, purchase.buyer_id, cause)
        standings = [dispute.standing for dispute in repository.disputes.lock(ref).values()]
        if any(standing.state is DisputeState.OPEN for standing in standings):
            work.timers.set(DISPUTES, ref, work.now + WATCH_OPEN)
        return said


def _opened(shown: ShownDispute, purchase: Purchase, work: Work[BillingRepository]) -> Dispute:
    """A dispute takes every line that was not refunded before."""
    refunds = work.repository.refunds.lines_in_refunds(purchase.purchase_id)
    return Dispute(
        dispute_id=shown.dispute_id,
        workspace_id=purchase.workspace_id,
        purchase_id=purchase.purchase_id,
        amount_minor=shown.amount_minor,
        currency=shown.currency,
        reason=shown.reason,
        recall_id=str(derive("dispute", shown.dispute_id)),
        opened_at=shown.opened_at,
        lines=tuple(line for line in purchase.lines if refunds.get(line.user_id) is not RefundState.SUCCEEDED),
    )
