"""What buyers and the ledger are told about a payment, in the words of the wire; one builder per row of `TELLERS`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.decision import Change
from services.billing.domain.outcome import Tell
from services.billing.domain.payment import Payment
from services.billing.domain.purchase import Purchase
from services.billing.domain.receipt import receipt_number
from services.billing.handlers.telling import fact
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseCancelled,
    PurchaseDeclined,
    PurchaseLine,
    PurchasePaid,
)
from shared.messaging.work import Cause, Outgoing

# What the wire takes as an id; a decline code of another shape is left out rather than refused.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127}")


@dataclass(frozen=True, slots=True)
class Told:
    """What an announcement is made of: the payment as it stands after the change. `receipt_url` is a link of ours."""

    purchase: Purchase
    payment: Payment
    change: Change
    at: datetime
    receipt_url: str | None = None


def _paid(told: Told, cause: Cause) -> Outgoing:
    purchase, price = told.purchase, told.purchase.price
    assert told.payment.intent_id is not None
    lines = tuple(
        PurchaseLine(
            user_id=line.user_id,
            lot_id=line.lot_id,
            credits=purchase.credits_each,
            unit_price_minor=price.unit_price_minor,
        )
        for line in purchase.lines
    )
    message = PurchasePaid(
        workspace_id=purchase.workspace_id,
        purchase_id=purchase.purchase_id,
        buyer_id=purchase.buyer_id,
        request_id=purchase.request_id,
        lines=lines,
        total_minor=price.total_minor,
        currency=price.currency,
        catalog_version=price.catalog_version,
        payment_intent_id=told.payment.intent_id,
        paid_at=told.at,
        receipt_number=receipt_number(purchase.purchase_id),
        receipt_url=told.receipt_url,
    )
    return fact(message, cause, purchase.purchase_id)


def _declined(told: Told, cause: Cause) -> Outgoing:
    purchase, attempt = told.purchase, told.payment.attempt.number
    reason = told.change.reason or Reason.CARD_DECLINED
    message = PurchaseDeclined(
        workspace_id=purchase.workspace_id,
        purchase_id=purchase.purchase_id,
        buyer_id=purchase.buyer_id,
        request_id=purchase.request_id,
        reason=reason,
        decline_code=_as_id(told.change.decline_code),
        detail=REMEDIES[reason],
        next_attempt=attempt + 1,
    )
    return fact(message, cause, purchase.purchase_id, attempt)


def _action_required(told: Told, cause: Cause) -> Outgoing:
    purchase = told.purchase
    assert told.payment.authenticate_url is not None
    message = PurchaseActionRequired(
        workspace_id=purchase.workspace_id,
        purchase_id=purchase.purchase_id,
        buyer_id=purchase.buyer_id,
        request_id=purchase.request_id,
        url=told.payment.authenticate_url,
    )
    return fact(message, cause, purchase.purchase_id, told.payment.attempt.number)


def _cancelled(told: Told, cause: Cause) -> Outgoing:
    purchase = told.purchase
    message = PurchaseCancelled(
        workspace_id=purchase.workspace_id,
        purchase_id=purchase.purchase_id,
        buyer_id=purchase.buyer_id,
        request_id=purchase.request_id,
        reason=told.change.reason or Reason.PAYMENT_CANCELLED,
    )
    return fact(message, cause, purchase.purchase_id)


TELLERS: dict[Tell, Callable[[Told, Cause], Outgoing]] = {
    Tell.PAID: _paid,
    Tell.DECLINED: _declined,
    Tell.ACTION_REQUIRED: _action_required,
    Tell.CANCELLED: _cancelled,
}


def told_of(told: Told, tell: Tell, cause: Cause) -> Outgoing:
    """The announcement that the decision table asks for."""
    return TELLERS[tell](told, cause)


def _as_id(code: str | None) -> str | None:
    return code if code and _CODE.fullmatch(code) else None
