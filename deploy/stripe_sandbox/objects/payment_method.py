"""PaymentMethod of type card (stripe/_payment_method.py)."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import ClassVar

from deploy.stripe_sandbox.cards import CardScript, script_of
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject, Metadata


def no_address() -> JsonObject:
    return dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def billing_details(name: str | None, email: str | None) -> JsonObject:
    return {"address": no_address(), "email": email, "name": name, "phone": None, "tax_id": None}


@dataclass(frozen=True, kw_only=True)
class PaymentMethod(Record):
    """script: the test token whose behaviour this card has, as pm_card_visa_chargeDeclined.

    set_up: an authenticated payment saved it for off-session use ("Save a card during a payment").
    detached: removed from its customer, or paid with while it had none; either is for good (API reference, "Detach a
    PaymentMethod").
    """

    KIND: ClassVar[str] = "payment_method"
    script: str
    customer: str | None = None
    set_up: bool = False
    detached: bool = False
    name: str | None = None
    email: str | None = None
    metadata: Metadata = field(default_factory=dict)

    @property
    def card(self) -> CardScript:
        return script_of(self.script)

    def wire(self) -> JsonObject:
        card = self.card
        metadata: dict[str, Json] = {**self.metadata}
        return {
            "id": self.id,
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details(self.name, self.email),
            "card": {
                "brand": card.brand,
                "checks": checks(),
                "country": card.country,
                "display_brand": card.brand,
                "exp_month": 12,
                "exp_year": 2034,
                "fingerprint": fingerprint(card),
                "funding": card.funding,
                "generated_from": None,
                "last4": card.last4,
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": card.supports_3ds},
                "wallet": None,
            },
            "created": self.created,
            "customer": self.customer,
            "customer_account": None,
            "livemode": False,
            "metadata": metadata,
            "type": "card",
        }


def checks() -> JsonObject:
    return {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}


def fingerprint(card: CardScript) -> str:
    """The same for every PaymentMethod made from one card number."""
    return sha256(f"{card.brand}{card.last4}{card.token}".encode()).hexdigest()[:16]
