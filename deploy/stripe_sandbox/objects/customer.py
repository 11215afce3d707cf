"""Customer (stripe/_customer.py)."""

from dataclasses import dataclass, field
from typing import ClassVar

from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject, Metadata


@dataclass(frozen=True, kw_only=True)
class Customer(Record):
    KIND: ClassVar[str] = "customer"
    email: str | None = None
    name: str | None = None
    phone: str | None = None
    description: str | None = None
    default_payment_method: str | None = None
    metadata: Metadata = field(default_factory=dict)

    def wire(self) -> JsonObject:
        settings: JsonObject = {
            "custom_fields": None,
            "default_payment_method": self.default_payment_method,
            "footer": None,
            "rendering_options": None,
        }
        metadata: dict[str, Json] = {**self.metadata}
        return {
            "id": self.id,
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": self.created,
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": self.description,
            "discount": None,
            "email": self.email,
            "invoice_prefix": self.id.replace("_", "")[-8:].upper(),
            "invoice_settings": settings,
            "livemode": False,
            "metadata": metadata,
            "name": self.name,
            "next_invoice_sequence": 1,
            "phone": self.phone,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }
