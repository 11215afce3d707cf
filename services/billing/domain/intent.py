"""A PaymentIntent as the processor shows it, reduced to what decides. Without its client secret, which goes nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.domain.payment import Payment


@dataclass(frozen=True, slots=True)
class Intent:
    """`status` is the processor's word. `charge_id` is the latest charge; `error_code` and `decline_code` belong to the
    last failed attempt, if any."""

    intent_id: str
    status: str
    amount_minor: int
    amount_received_minor: int
    currency: str
    customer_id: str | None
    purchase_id: str | None
    workspace_id: str | None
    charge_id: str | None = None
    error_code: str | None = None
    decline_code: str | None = None
    redirect_url: str | None = None
    payment_method_id: str | None = None


def differences(intent: Intent, payment: Payment) -> tuple[str, ...]:
    """Where the processor's intent is not the payment we asked for; empty when it is. Names of fields, never values."""
    compared = {
        "amount": (intent.amount_minor, payment.amount_minor),
        "currency": (intent.currency, payment.currency),
        "customer": (intent.customer_id, payment.customer_id),
        "metadata.purchase_id": (intent.purchase_id, payment.purchase_id),
        "metadata.workspace_id": (intent.workspace_id, payment.workspace_id),
        "id": (intent.intent_id, payment.intent_id or intent.intent_id),
    }
    if intent.status == "succeeded":
        compared["amount_received"] = (intent.amount_received_minor, payment.amount_minor)
    return tuple(name for name, (theirs, ours) in compared.items() if theirs != ours)
