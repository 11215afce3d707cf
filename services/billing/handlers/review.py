"""Looks at the processor for a payment that waits for a person, as an operator asked; ends it where that is safe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.billing.domain.decision import Change
from services.billing.domain.links import Links
from services.billing.domain.outcome import Answer, Outcome, Tell, Then
from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.processor import Processor
from services.billing.domain.schedule import retry_after
from services.billing.domain.step import CLOCK_SLACK
from services.billing.handlers.calling import checked
from services.billing.handlers.parked import answered
from services.billing.handlers.settlement import cancel_unsent, settle
from services.billing.handlers.timers import REVIEW
from services.billing.repository import BillingRepository
from services.billing.repository.parked import Review
from shared.contracts.reasons import Reason
from shared.messaging.crash_points import reach
from shared.messaging.work import Outgoing, Work

log = structlog.get_logger()

AFTER_STRIPE = "billing.review.after-stripe"

# The processor was not to be asked: it is asked again.
NO_ANSWER = frozenset({Outcome.UNKNOWN, Outcome.CONFLICT, Outcome.TOO_MANY_REQUESTS})
ENDED = Change(Outcome.CANCELLED, PaymentState.CANCELLED, Tell.CANCELLED, Then.NOTHING, Reason.PAYMENT_CANCELLED)


@dataclass(frozen=True, slots=True)
class Looking:
    """What to look for: the intent that we know, or that a webhook named; else among the customer's since then."""

    review: Review
    payment: Payment
    intent_id: str | None
    since: datetime


class ReviewErrand:
    """Readings only. What they show goes the way of every answer; then the operator is told."""

    kind = REVIEW
    after_cold_start = False  # by its own rows
    concurrency = 1

    def __init__(self, processor: Processor, links: Links, lease_s: int) -> None:
        self._processor = processor
        self._links = links
        self.lease_s = lease_s

    def prepare(self, ref: str, work: Work[BillingRepository]) -> Looking | None:
        """The review, unless it was answered."""
        parked = work.repository.parked
        review = parked.review(ref)
        if review is None or review.shown is not None:
            return None
        payment = work.repository.payments.lock(review.purchase_id)
        assert payment is not None
        intent_id = payment.intent_id or work.repository.webhooks.intent_named_for(review.purchase_id)
        # Of the first attempt, not of the present one: nothing may be overlooked.
        since = parked.first_commanded_at(review.purchase_id) - CLOCK_SLACK
        return Looking(review, payment, intent_id, since)

    def perform(self, request: Looking) -> Answer:
        """A reading changes nothing there."""
        if request.intent_id is None:
            answer = checked(self._processor.find(request.payment, request.since))
        else:
            answer = checked(self._processor.retrieve(request.payment, request.intent_id))
        reach(AFTER_STRIPE)
        return answer

    def record(self, ref: str, request: Looking, answer: Answer, work: Work[BillingRepository]) -> Iterable[Outgoing]:
        """The decision table; then the end of it, if that was asked for and nothing is there."""
        review, repository = request.review, work.repository
        if answer.outcome in NO_ANSWER:
            repository.parked.count_try(review)
            work.timers.set(REVIEW, ref, work.now + retry_after(review.tries, ref))
            return
        purchase_id = review.purchase_id
        repository.directory.lock([review.workspace_id])
        settled = settle(
            request.payment, answer, work, self._links.authenticate(purchase_id), self._links.receipt(purchase_id)
        )
        yield from settled.outgoing
        # As our books have it after the reading, whatever it was before: paid or cancelled is no more to be ended.
        still_parked = settled.payment.state is PaymentState.PARKED
        nothing = answer.outcome is Outcome.NOT_FOUND and settled.payment.intent_id is None
        shown = answer.intent.status if answer.intent else "nothing" if nothing else answer.outcome.value
        refused_for = None
        if review.deed == "end" and still_parked:
            if nothing and not settled.payment.key_is_fresh(work.now):
                yield from self._end(review, settled.payment, work)
            else:
                refused_for = Reason.PAYMENT_IS_THERE
        repository.parked.end(review, shown, refused_for)
        yield answered(review, shown, refused_for, review.cause, work)

    def _end(self, review: Review, payment: Payment, work: Work[BillingRepository]) -> Iterable[Outgoing]:
        purchase = work.repository.purchases.lock(review.purchase_id)
        assert purchase is not None
        log.warning("parked_payment_ended", purchase_id=review.purchase_id, operator_id=review.operator_id)
        yield from cancel_unsent(purchase, payment, ENDED, work)
