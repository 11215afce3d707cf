"""What happened to requests and purchases, on `billing.top-up.v1`; one stream per workspace."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Currency, Flag, Id, Instant, PositiveCredits, ReasonText, UuidText, Version
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import Quote

TotalMinor = Annotated[int, Field(strict=True, ge=1, le=99_999_999)]

PositiveTotalCredits = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]

PurchaseState = Literal[
    "accepted", "action_required", "processing", "declined", "paid", "credited", "cancelled", "parked"
]


class PurchaseLine(BaseModel):
    """One editor's share of a purchase: one package, one lot (B3)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: Id
    lot_id: UuidText
    credits: PositiveCredits
    unit_price_minor: TotalMinor


class _TopUpEvent(Message):
    workspace_id: Id

    def key(self) -> str:
        return self.workspace_id


class CommandRefused(_TopUpEvent):
    """A command was refused: nothing changed, nothing was charged. `detail` says what and how to mend it.

    Where only time mends it, `try_again_at` says from when on; under a new id, as every refusal is final for its own.
    """

    type: ClassVar[str] = "billing.command-refused.v1"

    command: Id
    actor_id: Id
    reason: Reason
    detail: ReasonText
    request_id: UuidText | None = None
    purchase_id: UuidText | None = None
    refund_id: UuidText | None = None
    try_again_at: Instant | None = None


class EditorDebt(BaseModel):
    """What an editor's account owes as far as billing knows: it is settled first by what is bought (B11)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: Id
    credits: PositiveTotalCredits


class TopUpQuoted(_TopUpEvent):
    """The summary a buyer reviews before buying (B5). `debts`: what of it will settle debt instead of being usable."""

    type: ClassVar[str] = "billing.top-up-quoted.v1"

    actor_id: Id
    quote: Quote
    credits_each: PositiveCredits
    debts: tuple[EditorDebt, ...] = ()


class TopUpRequested(_TopUpEvent):
    """A request stands and waits for owner or admins (A3)."""

    type: ClassVar[str] = "billing.top-up-requested.v1"

    request_id: UuidText
    asker_id: Id
    package_id: Id
    credits: PositiveCredits
    price_minor: TotalMinor
    currency: Currency
    catalog_version: Version
    expires_at: Instant


class _RequestEvent(_TopUpEvent):
    request_id: UuidText
    asker_id: Id


class RequestClaimed(_RequestEvent):
    """A purchase for this request was accepted; nobody else can buy it meanwhile (A4)."""

    type: ClassVar[str] = "billing.request-claimed.v1"

    purchase_id: UuidText
    buyer_id: Id


class RequestReleased(_RequestEvent):
    """The purchase that had claimed it failed for good or stood unpaid too long: open again (A4)."""

    type: ClassVar[str] = "billing.request-released.v1"

    purchase_id: UuidText


class RequestFulfilled(_RequestEvent):
    """Bought and credited (A4)."""

    type: ClassVar[str] = "billing.request-fulfilled.v1"

    purchase_id: UuidText
    buyer_id: Id


class RequestDeclined(_RequestEvent):
    """Owner or admin said no (A4)."""

    type: ClassVar[str] = "billing.request-declined.v1"

    decliner_id: Id
    reason: ReasonText


class RequestCancelled(_RequestEvent):
    """The asker took it back (A4)."""

    type: ClassVar[str] = "billing.request-cancelled.v1"


class RequestExpired(_RequestEvent):
    """Nobody bought it in time (A4)."""

    type: ClassVar[str] = "billing.request-expired.v1"


class _PurchaseEvent(_TopUpEvent):
    purchase_id: UuidText
    buyer_id: Id
    request_id: UuidText | None = None


class PurchaseAccepted(_PurchaseEvent):
    """Reviewed, allowed and recorded; the charge follows. `automatic`: by auto top-up, with nobody there (B14)."""

    type: ClassVar[str] = "billing.purchase-accepted.v1"

    quote: Quote
    automatic: Flag | None = None


class PurchasePaid(_PurchaseEvent):
    """The one charge succeeded. The ledger credits every line at once (B6, B8).

    `receipt_url` is a link of ours to the processor's receipt, which says what tax is in the total.
    """

    type: ClassVar[str] = "billing.purchase-paid.v1"

    lines: Annotated[tuple[PurchaseLine, ...], Field(min_length=1)]
    total_minor: TotalMinor
    currency: Currency
    catalog_version: Version
    payment_intent_id: Id
    paid_at: Instant
    receipt_number: Id | None = None
    receipt_url: Annotated[str, Field(max_length=2000)] | None = None


class PurchaseDeclined(_PurchaseEvent):
    """The card was declined: nothing credited; another method may be tried as `next_attempt` (B9)."""

    type: ClassVar[str] = "billing.purchase-declined.v1"

    reason: Reason
    decline_code: Id | None = None
    detail: ReasonText
    next_attempt: Annotated[int, Field(strict=True, ge=2)]


class PurchaseActionRequired(_PurchaseEvent):
    """The buyer must authenticate behind `url`, a link of ours; the processor's secret is fetched only there (B9)."""

    type: ClassVar[str] = "billing.purchase-action-required.v1"

    url: Annotated[str, Field(max_length=2000)]


class PurchaseCancelled(_PurchaseEvent):
    """Failed for good or stood unpaid too long; its payment is confirmed cancelled (A4)."""

    type: ClassVar[str] = "billing.purchase-cancelled.v1"

    reason: Reason


class PurchaseStatus(_PurchaseEvent):
    """The answer to a repeated purchase command (B7), and to one that is still being worked on: where it stands."""

    type: ClassVar[str] = "billing.purchase-status.v1"

    state: PurchaseState
    quote: Quote
    attempt: Annotated[int, Field(strict=True, ge=1)]
    payment_intent_id: Id | None = None
    reason: Reason | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None
