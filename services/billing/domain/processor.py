"""What billing needs from a payment processor: a call may be repeated, its result is a row of the decision table."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from services.billing.domain.outcome import Answer
from services.billing.domain.payment import Payment


class PaymentsUnknown(Exception):
    """The processor did not list its payments; `answer` is what it said instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.outcome.value)
        self.answer = answer


class Processor(Protocol):
    """No call raises for anything the processor or the network may do: what it came to is in the answer."""

    def create(self, payment: Payment) -> Answer:
        """Make the intent and confirm it with the attempt's method, under the attempt's key."""

    def confirm(self, payment: Payment) -> Answer:
        """Confirm the intent with the attempt's method, under the attempt's key."""

    def retrieve(self, payment: Payment, intent_id: str) -> Answer:
        """Read the intent."""

    def find(self, payment: Payment, since: datetime) -> Answer:
        """Look for the purchase's intent among all of the customer's; its absence there is proof."""

    def cancel(self, payment: Payment) -> Answer:
        """Cancel the intent; the answer says what it is now, whether it could be cancelled or not."""

    def check_method(self, payment: Payment) -> Answer | None:
        """None when the attempt's method is saved on the payment's customer; else why it cannot be used."""
