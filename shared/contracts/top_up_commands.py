"""Commands to billing, on `billing.top-up.commands.v1`. The edge vouches for `actor_id`; roles are looked up (B2)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import AmountMinor, Currency, Id, ReasonText, UuidText, Version
from shared.contracts.message import Message

MAX_LINES = 100  # editors in one purchase; keeps one charge and one ledger transaction small

ChosenEditors = Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_LINES)]


class Quote(BaseModel):
    """What the buyer reviewed (B5): one package for each of `user_ids`, in total `total_minor` of `currency`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    package_id: Id
    user_ids: ChosenEditors
    unit_price_minor: AmountMinor
    total_minor: Annotated[int, Field(strict=True, ge=1, le=99_999_999)]
    currency: Currency
    catalog_version: Version


class _Command(Message):
    workspace_id: Id
    actor_id: Id

    def key(self) -> str:
        return self.workspace_id


class QuoteTopUp(_Command):
    """Ask what a purchase would cost. Answered by `TopUpQuoted`, or refused as the purchase would be."""

    type: ClassVar[str] = "billing.quote-top-up.v1"

    package_id: Id
    user_ids: ChosenEditors


class RequestTopUp(_Command):
    """A member who can edit and may not buy asks for a package (A1, A2)."""

    type: ClassVar[str] = "billing.request-top-up.v1"

    request_id: UuidText
    package_id: Id


class CancelRequest(_Command):
    """The asker takes the request back (A4)."""

    type: ClassVar[str] = "billing.cancel-request.v1"

    request_id: UuidText


class DeclineRequest(_Command):
    """Owner or admin declines a request, with a reason (A4)."""

    type: ClassVar[str] = "billing.decline-request.v1"

    request_id: UuidText
    reason: ReasonText


class PurchaseTopUp(_Command):
    """Buy what was reviewed. `purchase_id` is chosen before the first try and kept through every repetition (B7)."""

    type: ClassVar[str] = "billing.purchase-top-up.v1"

    purchase_id: UuidText
    quote: Quote
    request_id: UuidText | None = None


class RetryPurchase(_Command):
    """Try a declined purchase again on the same payment with another saved method (B9). `attempt` names this try: it is
    the number of the attempt that failed plus one, so that a repeated command never makes a second attempt."""

    type: ClassVar[str] = "billing.retry-purchase.v1"

    purchase_id: UuidText
    payment_method_id: Id
    attempt: Annotated[int, Field(strict=True, ge=2, le=100)]
