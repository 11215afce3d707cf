"""Cancels a payment that stood unpaid too long. Its request is freed only once that is confirmed (A4)."""

from __future__ import annotations

from collections.abc import Iterable

from services.billing.domain.links import Links
from services.billing.domain.outcome import Answer
from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.processor import Processor
from services.billing.domain.schedule import retry_after
from services.billing.handlers.calling import checked
from services.billing.handlers.settlement import settle
from services.billing.handlers.timers import CANCEL
from services.billing.repository import BillingRepository
from shared.messaging.crash_points import reach
from shared.messaging.work import Outgoing, Work

AFTER_STRIPE = "billing.cancel.after-stripe"


class CancelErrand:
    """Repeated until the processor says what the intent is now: cancelled, or paid at the last moment."""

    kind = CANCEL
    after_cold_start = False  # money once begun is finished by what its own rows say

    def __init__(self, processor: Processor, links: Links, lease_s: int, concurrency: int) -> None:
        self._processor = processor
        self._links = links
        self.lease_s = lease_s
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[BillingRepository]) -> Payment | None:
        """The payment, if it is still to be cancelled."""
        payment = work.repository.payments.lock(ref)
        return payment if payment and payment.state is PaymentState.CANCELLING else None

    def perform(self, request: Payment) -> Answer:
        """Safe to repeat: what is cancelled stays cancelled."""
        answer = checked(self._processor.cancel(request))
        reach(AFTER_STRIPE)
        return answer

    def record(self, ref: str, request: Payment, answer: Answer, work: Work[BillingRepository]) -> Iterable[Outgoing]:
        """The decision table; again later while the answer is missing."""
        settled = settle(request, answer, work, self._links.authenticate(ref), self._links.receipt(ref))
        if settled.payment.state is PaymentState.CANCELLING:
            work.timers.set(CANCEL, ref, work.now + retry_after(settled.payment.tries, ref))
        return settled.outgoing
