"""Charge (stripe/_charge.py): one attempt to move money, made by each confirmation of a PaymentIntent."""

import hashlib
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from deploy.stripe_sandbox.cards import BY_TOKEN, CardScript, Decline
from deploy.stripe_sandbox.objects.payment_method import billing_details, checks, fingerprint
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject, Metadata

# What `outcome` says of each ending (stripe/_charge.py, `Charge.Outcome`).
SELLER_MESSAGES = {
    "authorized": "Payment complete.",
    "issuer_declined": "The bank did not return any further details with this decline.",
    "blocked": "Stripe blocked this payment as too risky.",
}
NETWORK_STATUS = {
    "authorized": "approved_by_network",
    "issuer_declined": "declined_by_network",
    "blocked": "not_sent_to_network",
}


@dataclass(frozen=True, kw_only=True)
class Charge(Record):
    """amount_captured: what was really taken; 0 while pending, failed or only authorized (minor units)."""

    KIND: ClassVar[str] = "charge"
    amount: int
    currency: str
    status: Literal["pending", "succeeded", "failed"]
    payment_intent: str
    payment_method: str
    script: str
    captured: bool = True
    amount_captured: int = 0
    amount_refunded: int = 0
    disputed: bool = False
    customer: str | None = None
    description: str | None = None
    receipt_email: str | None = None
    authenticated: bool = False
    failure_code: str | None = None
    failure_message: str | None = None
    decline_code: str | None = None
    advice_code: str | None = None
    outcome: str = "authorized"
    metadata: Metadata = field(default_factory=dict)

    @property
    def card(self) -> CardScript:
        return BY_TOKEN[self.script]

    @property
    def refundable(self) -> int:
        return self.amount_captured - self.amount_refunded

    @property
    def receipt_url(self) -> str | None:
        """Of what was paid, behind a name that cannot be guessed ("The Charge object"). Nobody serves it."""
        if self.status != "succeeded":
            return None
        return f"https://pay.stripe.com/receipts/payment/{hashlib.sha256(self.id.encode()).hexdigest()}"

    def declined(self, decline: Decline) -> "Charge":
        return replace(
            self,
            status="failed",
            captured=False,
            amount_captured=0,
            failure_code=decline.code,
            failure_message=decline.message,
            decline_code=decline.decline_code,
            advice_code=decline.advice_code,
            outcome=decline.outcome,
        )

    def settled(self, amount_captured: int) -> "Charge":
        return replace(self, status="succeeded", captured=amount_captured > 0, amount_captured=amount_captured)

    def wire(self) -> JsonObject:
        metadata: dict[str, Json] = {**self.metadata}
        return {
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "application": None,
            "application_fee": None,
            "application_fee_amount": None,
            # Null at first under capture_method automatic_async (API changelog 2024-04-10), and never filled in here.
            "balance_transaction": None,
            "billing_details": billing_details(None, None),
            "calculated_statement_descriptor": "REFILL",
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "disputed": self.disputed,
            "failure_balance_transaction": None,
            "failure_code": self.failure_code,
            "failure_message": self.failure_message,
            "fraud_details": {},
            "livemode": False,
            "metadata": metadata,
            "on_behalf_of": None,
            "outcome": self.verdict(),
            "paid": self.status == "succeeded",
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "payment_method_details": {"card": self.card_details(), "type": "card"},
            "receipt_email": self.receipt_email,
            "receipt_number": None,
            "receipt_url": self.receipt_url,
            "refunded": self.amount_captured > 0 and self.refundable == 0,
            "review": None,
            "shipping": None,
            "source_transfer": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": None,
        }

    def verdict(self) -> JsonObject:
        return {
            "advice_code": self.advice_code,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": NETWORK_STATUS[self.outcome],
            "reason": self.decline_code,
            "risk_level": "highest" if self.outcome == "blocked" else "normal",
            "seller_message": SELLER_MESSAGES[self.outcome],
            "type": self.outcome,
        }

    def card_details(self) -> JsonObject:
        card = self.card
        proof: JsonObject = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": None,
            "version": "2.2.0",
        }
        return {
            "amount_authorized": None if self.status == "failed" else self.amount,
            "authorization_code": None,
            "brand": card.brand,
            "checks": checks(),
            "country": card.country,
            "exp_month": 12,
            "exp_year": 2034,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": fingerprint(card),
            "funding": card.funding,
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card.last4,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": None,
            "overcapture": {"maximum_amount_capturable": self.amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": proof if self.authenticated else None,
            "transaction_link_id": None,
            "wallet": None,
        }
