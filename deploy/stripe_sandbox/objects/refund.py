"""Refund (stripe/_refund.py)."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject, Metadata


@dataclass(frozen=True, kw_only=True)
class Refund(Record):
    """settles: what will become of it later, by the card's script; None when its status is final."""

    KIND: ClassVar[str] = "refund"
    amount: int
    currency: str
    charge: str
    payment_intent: str
    status: Literal["pending", "succeeded", "failed"]
    settles: Literal["succeeds", "fails"] | None = None
    customer: str | None = None
    payment_method: str | None = None
    reason: str | None = None
    failure_reason: str | None = None
    metadata: Metadata = field(default_factory=dict)

    def wire(self) -> JsonObject:
        metadata: dict[str, Json] = {**self.metadata}
        optional: JsonObject = {"failure_reason": self.failure_reason} if self.failure_reason else {}
        if self.status == "pending":
            optional["pending_reason"] = "processing"
        return optional | {
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": None,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": None,
            "destination_details": {
                "card": {
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": metadata,
            "payment_intent": self.payment_intent,
            "payment_method": self.payment_method,
            "reason": self.reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": self.status,
            "transfer_reversal": None,
        }
