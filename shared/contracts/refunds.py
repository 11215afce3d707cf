"""Refunds and disputes (B11, B12): commands to billing, and what became of the money, on `billing.top-up.v1`.

A refund is proposed first: what is unspent, what would become debt. Then it is commanded with what was reviewed.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import AmountMinor, Credits, Currency, Flag, Id, PositiveCredits, ReasonText, UuidText
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import ChosenEditors

DisputeOutcome = Literal["won", "lost"]


class _OfPurchase(Message):
    workspace_id: Id
    purchase_id: UuidText

    def key(self) -> str:
        return self.workspace_id


class ProposeRefund(_OfPurchase):
    """Owner or admin asks what a refund of these editors' lines would give back; of all lines when left out (B11)."""

    type: ClassVar[str] = "billing.propose-refund.v1"

    actor_id: Id
    proposal_id: UuidText
    user_ids: ChosenEditors | None = None


class RefundPurchase(_OfPurchase):
    """Owner or admin has these lines refunded, which must be untouched (B11).

    `refund_id` is chosen before the first try and kept through every repetition. `amount_minor` is what was reviewed:
    if billing's own sum differs, nothing is refunded.
    """

    type: ClassVar[str] = "billing.refund-purchase.v1"

    actor_id: Id
    refund_id: UuidText
    user_ids: ChosenEditors | None = None
    amount_minor: AmountMinor
    reason: ReasonText | None = None


class RefundLine(BaseModel):
    """One editor's line: its price, and where its credits are. `becomes_debt` is what was spent or is held."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: Id
    amount_minor: AmountMinor
    credits: PositiveCredits
    unspent: Credits
    becomes_debt: Credits


class RefundProposed(_OfPurchase):
    """What a refund would give back and take. `owner_may`: every line is untouched; else only an operator refunds."""

    type: ClassVar[str] = "billing.refund-proposed.v1"

    proposal_id: UuidText
    asked_by: Id
    lines: Annotated[tuple[RefundLine, ...], Field(min_length=1)]
    amount_minor: AmountMinor
    currency: Currency
    owner_may: Flag


class RefundAccepted(_OfPurchase):
    """A refund is under way: its credits are frozen next, then the processor refunds, then they are taken back."""

    type: ClassVar[str] = "billing.refund-accepted.v1"

    refund_id: UuidText
    user_ids: ChosenEditors
    amount_minor: AmountMinor
    currency: Currency
    by: Literal["member", "operator"]
    actor_id: Id
    reason: ReasonText | None = None


class PurchaseRefunded(_OfPurchase):
    """Money went back. `by` is `processor` when it was refunded there, in its dashboard, and only mirrored here.

    `user_ids` are the editors whose lines are refunded; none when the amount is no sum of whole lines: then a person
    decides about the credits. `refunded_minor` is the sum of all refunds of this purchase so far.
    """

    type: ClassVar[str] = "billing.purchase-refunded.v1"

    buyer_id: Id
    refund_id: UuidText
    user_ids: tuple[Id, ...] = ()
    amount_minor: AmountMinor
    refunded_minor: AmountMinor
    currency: Currency
    by: Literal["member", "operator", "processor"]
    processor_refund_id: Id


class RefundFailed(_OfPurchase):
    """No money went back, and the credits are usable again. A new refund takes a new id."""

    type: ClassVar[str] = "billing.refund-failed.v1"

    refund_id: UuidText
    reason: Reason
    detail: ReasonText


class PurchaseDisputed(_OfPurchase):
    """The buyer's bank disputes the charge: what is unspent of the purchase is frozen until it is decided (B12)."""

    type: ClassVar[str] = "billing.purchase-disputed.v1"

    buyer_id: Id
    dispute_id: Id
    amount_minor: AmountMinor
    currency: Currency
    reason: Id


class DisputeFundsMoved(_OfPurchase):
    """The processor took the disputed amount, or put it back (B12). No credits move by this."""

    type: ClassVar[str] = "billing.dispute-funds-moved.v1"

    dispute_id: Id
    moved: Literal["withdrawn", "reinstated"]
    amount_minor: AmountMinor
    currency: Currency


class DisputeClosed(_OfPurchase):
    """A dispute was decided: lost, its credits are taken back; won, they are given back exactly (B12)."""

    type: ClassVar[str] = "billing.dispute-closed.v1"

    buyer_id: Id
    dispute_id: Id
    outcome: DisputeOutcome
    amount_minor: AmountMinor
    currency: Currency
