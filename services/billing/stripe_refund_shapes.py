"""The processor's Refund object, reduced to what decides ("The Refund object")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from services.billing.domain.mirrored import ShownRefund
from services.billing.domain.refund import Refund
from services.billing.domain.refunding import OF_STATUS, RefundAnswer, RefundOutcome
from services.billing.stripe_shapes import Json, id_of


def refund_shown(shown: Json, asked: Refund) -> RefundAnswer:
    """What a body says about the refund that was asked for; another refund than that is a mismatch."""
    named = shown.get("id")
    if shown.get("object") != "refund" or not isinstance(named, str):
        return RefundAnswer(RefundOutcome.UNKNOWN, detail="the body is not a Refund")
    seen = (shown.get("amount"), shown.get("currency"), id_of(shown.get("payment_intent")))
    if seen != (asked.amount_minor, asked.currency, asked.payment_intent_id) or not names_refund(
        shown, asked.refund_id
    ):
        return RefundAnswer(RefundOutcome.MISMATCH, detail="amount, currency, intent or id differ")
    outcome = OF_STATUS.get(str(shown.get("status")), RefundOutcome.UNKNOWN)
    return RefundAnswer(outcome, processor_refund_id=named)


def names_refund(shown: Json, refund_id: str) -> bool:
    """Whether its metadata, which only this service writes, name this refund of ours."""
    metadata = shown.get("metadata")
    return isinstance(metadata, Mapping) and metadata.get("refund_id") == refund_id


def listed_refund(shown: Json) -> ShownRefund:
    """A refund as the API lists it. Raises KeyError, TypeError or ValueError when it is no refund."""
    if shown["object"] != "refund":
        raise ValueError("the object is no refund")
    metadata = shown.get("metadata")
    return ShownRefund(
        processor_refund_id=str(shown["id"]),
        outcome=OF_STATUS.get(str(shown["status"]), RefundOutcome.UNKNOWN),
        amount_minor=int(shown["amount"]),
        currency=str(shown["currency"]),
        ours=isinstance(metadata, Mapping) and "refund_id" in metadata,
        made_at=datetime.fromtimestamp(int(shown["created"]), UTC),
    )
