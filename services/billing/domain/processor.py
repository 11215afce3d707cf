"""What billing needs from a payment processor: a call may be repeated, its result is a row of the decision table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.billing.domain.outcome import Answer
from services.billing.domain.payment import Payment
from services.billing.domain.reconciling import About, Theirs


class PaymentsUnknown(Exception):
    """The processor did not list its payments; `answer` is what it said instead."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.outcome.value)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list, and after which of it the next part begins; None: that was all."""

    shown: Sequence[Theirs]
    after: str | None


class Lists(Protocol):
    """What it has of everybody. Both raise `PaymentsUnknown` when it does not tell."""

    def page(self, about: About, since: datetime, after: str | None) -> Page:
        """What was made since then, newest first, from behind `after` on."""

    def look(self, about: About, processor_id: str) -> Theirs | None:
        """One as it is now; None when there is none."""


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
