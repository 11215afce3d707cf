"""Our books compared with the processor's, and payments that wait for a person (B10): commands of operators, and what
they and the clock's own comparisons found, on `billing.reconciliation.v1`.

What is found goes over a topic of its own: it names purchases of many workspaces, so it is no part of any
workspace's stream, which its own people may be shown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import AmountMinor, Currency, Id, Instant, ReasonText, UuidText
from shared.contracts.message import Message
from shared.contracts.reasons import Reason

# What a message lists at most, so that it stays far below what a topic takes; the totals say how many there are.
LISTED_AT_MOST = 100

Count = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]
# As the processor shows it: not bounded by what we would charge.
AnyAmountMinor = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]


class FindingKind(StrEnum):
    """What is wrong, and so what a person does about it: `FINDING_REMEDIES`."""

    PAYMENT_WITHOUT_PURCHASE = "payment_without_purchase"
    SECOND_PAYMENT = "second_payment"
    PAYMENT_DIFFERS = "payment_differs"
    PAID_AND_CANCELLED_HERE = "paid_and_cancelled_here"
    PAID_HERE_ONLY = "paid_here_only"
    PAYMENT_MISSING_THERE = "payment_missing_there"
    PAYMENT_PARKED = "payment_parked"
    REFUND_MADE_THERE = "refund_made_there"
    REFUND_UNKNOWN_HERE = "refund_unknown_here"
    REFUND_DIFFERS = "refund_differs"
    REFUNDED_AND_NOT_HERE = "refunded_and_not_here"
    REFUND_MISSING_THERE = "refund_missing_there"
    REFUND_PARKED = "refund_parked"
    DISPUTE_NOT_RECORDED = "dispute_not_recorded"
    UNKNOWN_STATUS = "unknown_status"
    NOT_HEALED = "not_healed"


FINDING_REMEDIES: dict[FindingKind, str] = {
    FindingKind.PAYMENT_WITHOUT_PURCHASE: (
        "Money was taken for a purchase that is not in our books. It is adopted when its command is read again; an "
        "hour after a restore that is over: refund it at the processor."
    ),
    FindingKind.SECOND_PAYMENT: "This purchase has a second payment there: refund or cancel it at the processor.",
    FindingKind.PAYMENT_DIFFERS: "Amount, currency, customer or workspace differ: find out who changed it there.",
    FindingKind.PAID_AND_CANCELLED_HERE: (
        "Our books say cancelled, and money was or may be taken: refund or cancel it at the processor."
    ),
    FindingKind.PAID_HERE_ONLY: "Credits were given, and the processor does not show it paid: ask its support.",
    FindingKind.PAYMENT_MISSING_THERE: (
        "The processor does not know this payment: check that our key is of the right account, then ask its support."
    ),
    FindingKind.PAYMENT_PARKED: "Have it looked up again or ended: `refill parked look` and `refill parked end`.",
    FindingKind.REFUND_MADE_THERE: "Refunded at the processor: say whose credits it takes, `refill refund decide`.",
    FindingKind.REFUND_UNKNOWN_HERE: "It names a refund that is not in our books: compare it with the commands.",
    FindingKind.REFUND_DIFFERS: "Amount, currency or payment differ from what we asked for: compare both by hand.",
    FindingKind.REFUNDED_AND_NOT_HERE: "Money went back, and our books say it did not: take the credits back.",
    FindingKind.REFUND_MISSING_THERE: "The processor does not know this refund: ask its support before anything else.",
    FindingKind.REFUND_PARKED: "Look at the payment's refunds at the processor; ours is read again every hour.",
    FindingKind.DISPUTE_NOT_RECORDED: "The bank disputes what is not paid in our books: answer it there in time.",
    FindingKind.UNKNOWN_STATUS: "The processor shows a status that we do not know: have the reading extended.",
    FindingKind.NOT_HEALED: "It was read again and did not settle in time: look at the worker's log and its timers.",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Difference(_Part):
    """One payment, refund or dispute on which the two sides do not agree: by ids and amounts only, in minor units.

    `ours` and `theirs` are the states as each side calls them; absent where a side has nothing.
    """

    about: Literal["payment", "refund", "dispute"]
    kind: FindingKind | None = None
    processor_id: Id | None = None
    workspace_id: Id | None = None
    purchase_id: UuidText | None = None
    refund_id: UuidText | None = None
    ours: Id | None = None
    theirs: Id | None = None
    ours_minor: AmountMinor | None = None
    theirs_minor: AnyAmountMinor | None = None
    currency: Currency | None = None
    what_to_do: ReasonText | None = None


class ReconcilePayments(Message):
    """Have the processor's list compared with ours, both ways: what was made there since then, and all of ours of that
    time; three days when left out.

    `reconciliation_id` is chosen before the first try and kept through every repetition.
    """

    type: ClassVar[str] = "billing.reconcile-payments.v1"

    reconciliation_id: UuidText
    operator_id: Id
    since: Instant | None = None

    def key(self) -> str:
        return self.reconciliation_id


class ReconciliationRefused(Message):
    """Nothing was compared; another try takes a new id, or waits for the one that is under way."""

    type: ClassVar[str] = "billing.reconciliation-refused.v1"

    reconciliation_id: UuidText
    operator_id: Id
    reason: Reason
    detail: ReasonText

    def key(self) -> str:
        return self.reconciliation_id


class Compared(_Part):
    """How much was compared. `payments`, `refunds` and `disputes` are the processor's, of whoever made them there;
    `ours` are the payments and refunds of our books that it was to show."""

    payments: Count
    refunds: Count
    disputes: Count
    ours: Count


class ReconciliationFinished(Message):
    """The two sides were compared: told once for each comparison, and also when nothing differs.

    `healed` were behind in our books and are not any more. A person must look at every one of `findings`. Both name the
    first hundred; the totals count all. `not_looked_at` differed at first sight and were too many to be looked at
    again: compare anew when the findings are mended.
    """

    type: ClassVar[str] = "billing.reconciliation-finished.v1"

    reconciliation_id: UuidText
    asked_by: Literal["operator", "clock"]
    operator_id: Id | None = None
    since: Instant
    until: Instant
    compared: Compared
    healed: Annotated[tuple[Difference, ...], Field(max_length=LISTED_AT_MOST)] = ()
    healed_total: Count
    findings: Annotated[tuple[Difference, ...], Field(max_length=LISTED_AT_MOST)] = ()
    findings_total: Count
    not_looked_at: Count

    def key(self) -> str:
        return self.reconciliation_id

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody must look."""
        return self.findings_total + self.not_looked_at > 0


class ListParkedPayments(Message):
    """Which payments wait for a person?"""

    type: ClassVar[str] = "billing.list-parked-payments.v1"

    list_id: UuidText
    operator_id: Id

    def key(self) -> str:
        return self.list_id


class ParkedPayment(_Part):
    """One payment that waits for a person. `ends_from`: from then on it may be ended, if the processor shows nothing
    of it; absent where it has a payment there."""

    workspace_id: Id
    purchase_id: UuidText
    amount_minor: AmountMinor
    currency: Currency
    commanded_at: Instant
    attempt: Annotated[int, Field(strict=True, ge=1, le=100)]
    payment_intent_id: Id | None = None
    ends_from: Instant | None = None


class ParkedPaymentsListed(Message):
    """The payments that wait for a person, those of the oldest command first; the first hundred of `total`."""

    type: ClassVar[str] = "billing.parked-payments-listed.v1"

    list_id: UuidText
    operator_id: Id
    payments: Annotated[tuple[ParkedPayment, ...], Field(max_length=LISTED_AT_MOST)] = ()
    total: Count

    def key(self) -> str:
        return self.list_id


class ReviewParkedPayment(Message):
    """Have a parked payment looked up now; or ended, if the processor shows nothing of it for certain (B10). Nothing is
    ever charged by this. The reason is kept.

    `review_id` is chosen before the first try and kept through every repetition.
    """

    type: ClassVar[str] = "billing.review-parked-payment.v1"

    workspace_id: Id
    operator_id: Id
    purchase_id: UuidText
    review_id: UuidText
    deed: Literal["look_up", "end"]
    reason: ReasonText

    def key(self) -> str:
        return self.workspace_id


class ParkedPaymentReviewed(Message):
    """What the processor shows of it, and where the purchase stands now. `nothing`: it has no payment of this id."""

    type: ClassVar[str] = "billing.parked-payment-reviewed.v1"

    workspace_id: Id
    operator_id: Id
    purchase_id: UuidText
    review_id: UuidText
    deed: Literal["look_up", "end"]
    shown: Id
    state: Literal["parked", "paid", "credited", "cancelled"]
    payment_intent_id: Id | None = None

    def key(self) -> str:
        return self.workspace_id
