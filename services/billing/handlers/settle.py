"""Reads a payment that waits for the buyer or the bank: woken by webhooks, and by the clock anyway (case 16)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.billing.domain.links import Links
from services.billing.domain.outcome import Answer, Outcome
from services.billing.domain.payment import IN_FLIGHT, WATCHED, Payment, PaymentState
from services.billing.domain.processor import Processor
from services.billing.domain.schedule import LOOK_AGAIN, poll_after
from services.billing.domain.step import listing_since
from services.billing.handlers.calling import checked
from services.billing.handlers.settlement import settle
from services.billing.handlers.timers import SETTLE
from services.billing.repository import BillingRepository
from shared.messaging.crash_points import reach
from shared.messaging.work import Outgoing, Work

AFTER_STRIPE = "billing.settle.after-stripe"

FINISHED = frozenset({PaymentState.SUCCEEDED, PaymentState.CANCELLED})

# While the charge is under way only facts about the intent count; what went wrong with a mere reading does not.
FACTS = frozenset(
    {
        Outcome.SUCCEEDED,
        Outcome.CANCELLED,
        Outcome.ACTION_REQUIRED,
        Outcome.PROCESSING,
        Outcome.REQUIRES_CAPTURE,
        Outcome.DECLINED,
        Outcome.AUTHENTICATION_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Which intent to read, for the payment as it stands; None: look for it among the customer's."""

    payment: Payment
    intent_id: str | None


class SettleErrand:
    """A webhook is only a hint that something changed: what did is always read from the processor."""

    kind = SETTLE
    after_cold_start = False  # money once begun is finished by what its own rows say

    def __init__(self, processor: Processor, links: Links, lease_s: int, concurrency: int) -> None:
        self._processor = processor
        self._links = links
        self.lease_s = lease_s
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[BillingRepository]) -> Reading | None:
        """The intent: the one we know, or while our own answer is missing the one a webhook named."""
        payment = work.repository.payments.lock(ref)
        if payment is None or payment.state in FINISHED:
            return None
        intent_id = payment.intent_id or work.repository.webhooks.intent_named_for(ref)
        # A parked payment is looked for as long as it takes: what may have been charged must become known.
        return Reading(payment, intent_id) if intent_id or payment.state is PaymentState.PARKED else None

    def perform(self, request: Reading) -> Answer:
        """A reading changes nothing there."""
        payment, processor = request.payment, self._processor
        if request.intent_id is None:
            answer = checked(processor.find(payment, listing_since(payment)))
        else:
            answer = checked(processor.retrieve(payment, request.intent_id))
        reach(AFTER_STRIPE)
        return answer

    def record(self, ref: str, request: Reading, answer: Answer, work: Work[BillingRepository]) -> Iterable[Outgoing]:
        """The decision table; then again later while the payment waits, whatever became of this reading."""
        repository = work.repository
        repository.directory.lock([request.payment.workspace_id])
        payment = repository.payments.lock(ref)
        assert payment is not None
        if payment.state in IN_FLIGHT and answer.outcome not in FACTS:
            return ()
        settled = settle(request.payment, answer, work, self._links.authenticate(ref), self._links.receipt(ref))
        if settled.payment.state in WATCHED:
            work.timers.set(SETTLE, ref, work.now + poll_after(settled.payment.tries, ref))
        elif settled.payment.state is PaymentState.PARKED:
            work.timers.set(SETTLE, ref, work.now + LOOK_AGAIN)
        return settled.outgoing
