"""The completer: charges an attempt, and finishes whatever a crash or a lost answer left standing (B6, B9, B10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum

import structlog

from services.billing.domain.links import Links
from services.billing.domain.outcome import DECISIONS, Answer, Outcome
from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.processor import Processor
from services.billing.domain.schedule import retry_after
from services.billing.domain.spending import DECLINES_OF_A_METHOD
from services.billing.domain.step import Call, Step, charge_step, listing_since
from services.billing.handlers.calling import checked
from services.billing.handlers.settlement import WEATHER, settle
from services.billing.handlers.timers import CHARGE
from services.billing.repository import BillingRepository
from shared.messaging.crash_points import reach
from shared.messaging.work import Outgoing, Work

log = structlog.get_logger()

# Borders of the payment at which a test can have the process killed, besides the runtime's own.
BEFORE_STRIPE = "billing.charge.before-stripe"
AFTER_STRIPE = "billing.charge.after-stripe"

METHOD_IS_BUSY = timedelta(seconds=1)  # as long as a charge takes there


@dataclass(frozen=True, slots=True)
class Charge:
    """One call to make, for the payment as it stands at its recovery point."""

    payment: Payment
    step: Step


class Turn(Enum):
    """Whether an attempt's method may be used, by its declines and by the charges of it that are under way (B13)."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


def _turn_of_method(payment: Payment, work: Work[BillingRepository]) -> Turn:
    method, limits = payment.attempt.payment_method_id, work.repository.spending
    unanswered = limits.unanswered_of_method(method, work.now)
    declined = len(limits.declines_of_method(method, work.now))
    if declined >= DECLINES_OF_A_METHOD:
        return Turn.NEVER
    # Should all that are under way be declined, the budget is spent: then this one waits for their outcome.
    return Turn.NOW if declined + unanswered < DECLINES_OF_A_METHOD else Turn.LATER


class ChargeErrand:
    """One call per turn; the recovery point stands in the database before it, the outcome after it."""

    kind = CHARGE
    after_cold_start = False  # money once begun is finished by what its own rows say

    def __init__(self, processor: Processor, links: Links, lease_s: int, concurrency: int) -> None:
        self._processor = processor
        self._links = links
        self.lease_s = lease_s
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[BillingRepository]) -> Charge | None:
        """Keep what is about to be tried, before it is tried."""
        payments = work.repository.payments
        payment = payments.lock(ref)
        step = charge_step(payment, work.now) if payment else None
        if payment is None or step is None:
            return None
        if payment.state is PaymentState.CREATED and step.call in (Call.CREATE, Call.CONFIRM):
            turn = _turn_of_method(payment, work)
            if turn is Turn.LATER:
                work.timers.set(CHARGE, ref, work.now + METHOD_IS_BUSY)
                return None
            if turn is Turn.NEVER:
                return Charge(payment, Step(Call.REFUSE, PaymentState.CREATED))
        if step.before is not payment.state:
            payments.move(payment, step.before)
        if step.call in (Call.CREATE, Call.CONFIRM):
            payments.note_first_try(payment, work.now)
            payments.keep_return_url(ref, self._links.returned(ref))
        payment = payments.lock(ref)
        assert payment is not None
        return Charge(payment, step)

    def perform(self, request: Charge) -> Answer | None:
        """The call. Safe to repeat: the same key, or a reading. None: the method was checked and may be charged."""
        if request.step.call is Call.REFUSE:
            return Answer(Outcome.METHOD_EXHAUSTED)
        if request.step.call is Call.CHECK:
            unusable = self._processor.check_method(request.payment)
            return checked(unusable) if unusable else None
        reach(BEFORE_STRIPE)
        answer = checked(self._call(request))
        reach(AFTER_STRIPE)
        return answer

    def record(
        self, ref: str, request: Charge, answer: Answer | None, work: Work[BillingRepository]
    ) -> Iterable[Outgoing]:
        """The decision table, unless it was only the check, and that is not answered or passed."""
        if answer is None:
            work.repository.payments.note_checked(request.payment)
            work.timers.set(CHARGE, ref, work.now)
            return ()
        if request.step.call is Call.CHECK and DECISIONS[answer.outcome].then in WEATHER:
            return self._check_again(ref, request.payment, answer, work)
        return settle(request.payment, answer, work, self._links.authenticate(ref), self._links.receipt(ref)).outgoing

    def _call(self, request: Charge) -> Answer:
        payment, processor = request.payment, self._processor
        match request.step.call:
            case Call.CREATE:
                return self._explained(payment, processor.create(payment))
            case Call.CONFIRM:
                return self._explained(payment, processor.confirm(payment))
            case Call.RETRIEVE:
                assert payment.intent_id is not None
                return processor.retrieve(payment, payment.intent_id)
            case _:
                return processor.find(payment, listing_since(payment))

    def _check_again(self, ref: str, asked: Payment, answer: Answer, work: Work[BillingRepository]) -> tuple[()]:
        """Nothing was sent for the attempt, so its state stays where nothing may be sent unchecked."""
        payment = work.repository.payments.lock(ref)
        assert payment is not None
        log.warning("method_not_checked", purchase_id=ref, attempt=asked.attempt.number, outcome=answer.outcome)
        work.repository.payments.move(payment, payment.state)
        work.timers.set(CHARGE, ref, work.now + retry_after(payment.tries, ref))
        return ()

    def _charged_before(self, payment: Payment, misused: Answer) -> Answer:
        """The key was used with other parameters, in an earlier life of the database: what came of that counts.

        Only what has no outcome at all waits for a person; a failed look is no answer and is repeated.
        """
        processor = self._processor
        if payment.intent_id is not None:
            found = processor.retrieve(payment, payment.intent_id)
        else:
            found = processor.find(payment, listing_since(payment))
        return misused if found.outcome in (Outcome.NOT_FOUND, Outcome.UNCONFIRMED) else found

    def _explained(self, payment: Payment, answer: Answer) -> Answer:
        """A charge refused as ill-formed is often only a method that was removed since: the buyer can mend that."""
        if answer.outcome is Outcome.KEY_MISUSED:
            return self._charged_before(payment, answer)
        if answer.outcome is not Outcome.REJECTED:
            return answer
        unusable = self._processor.check_method(payment)
        if unusable is None or unusable.outcome is not Outcome.METHOD_UNUSABLE:
            return answer
        return replace(unusable, intent=answer.intent)  # it may have been made all the same: the next attempt is on it
