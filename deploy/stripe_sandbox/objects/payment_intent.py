"""PaymentIntent (stripe/_payment_intent.py) and its life ("How PaymentIntents work").

The transitions are pure: each returns the next record. Whether one may be taken is in `check_*`.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from deploy.stripe_sandbox.errors import ApiError, refused
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject, Metadata

Status = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "succeeded",
    "canceled",
]
# "A PaymentIntent ... may be canceled in one of these statuses" (API reference, "Cancel a PaymentIntent").
CANCELABLE: tuple[Status, ...] = (
    "requires_payment_method",
    "requires_capture",
    "requires_confirmation",
    "requires_action",
    "processing",
)
CONFIRMABLE: tuple[Status, ...] = ("requires_payment_method", "requires_confirmation", "requires_action")
UPDATABLE: tuple[Status, ...] = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True, kw_only=True)
class PaymentIntent(Record):
    """challenge: the secret part of the address of the open 3D Secure page; empty when none is open.

    redirects: automatic payment methods that may send the buyer away, so that confirming needs a `return_url`.
    """

    KIND: ClassVar[str] = "payment_intent"
    amount: int
    currency: str
    client_secret: str
    status: Status
    amount_received: int = 0
    amount_capturable: int = 0
    capture_method: str = "automatic_async"
    automatic: JsonObject | None = None
    allowed_types: list[str] | None = None
    method_types: list[str] = field(default_factory=lambda: ["card"])
    method_options: JsonObject = field(default_factory=dict)
    customer: str | None = None
    description: str | None = None
    payment_method: str | None = None
    latest_charge: str | None = None
    receipt_email: str | None = None
    setup_future_usage: str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    last_payment_error: JsonObject | None = None
    next_action: JsonObject | None = None
    challenge: str = ""
    return_url: str | None = None
    metadata: Metadata = field(default_factory=dict)

    @property
    def redirects(self) -> bool:
        return self.automatic is not None and self.automatic.get("allow_redirects") != "never"

    def with_method(self, payment_method: str) -> "PaymentIntent":
        """A new method makes a waiting intent confirmable; an open 3D Secure page of the old one is void."""
        return replace(
            self, payment_method=payment_method, status="requires_confirmation", next_action=None, challenge=""
        )

    def asking(self, challenge: str, next_action: JsonObject) -> "PaymentIntent":
        return replace(self, status="requires_action", challenge=challenge, next_action=next_action)

    def processing(self, charge: str) -> "PaymentIntent":
        return self.closed("processing", charge)

    def authorized(self, charge: str) -> "PaymentIntent":
        return replace(self.closed("requires_capture", charge), amount_capturable=self.amount)

    def succeeded(self, charge: str, amount_received: int) -> "PaymentIntent":
        return replace(self.closed("succeeded", charge), amount_received=amount_received, amount_capturable=0)

    def closed(self, status: Status, charge: str) -> "PaymentIntent":
        return replace(
            self, status=status, latest_charge=charge, next_action=None, challenge="", last_payment_error=None
        )

    def failed(self, charge: str | None, error: JsonObject) -> "PaymentIntent":
        """The method is let go; it stays readable in `last_payment_error` ("Handle declines")."""
        return replace(
            self,
            status="requires_payment_method",
            payment_method=None,
            latest_charge=charge or self.latest_charge,
            last_payment_error=error,
            next_action=None,
            challenge="",
        )

    def canceled(self, now: int, reason: str | None) -> "PaymentIntent":
        return replace(
            self,
            status="canceled",
            canceled_at=now,
            cancellation_reason=reason,
            amount_capturable=0,
            next_action=None,
            challenge="",
        )

    def check_confirmable(self) -> None:
        """Raises ApiError 400 `payment_intent_unexpected_state`, with the PaymentIntent in it."""
        if self.status == "succeeded":
            raise self.unexpected(
                "You cannot confirm this PaymentIntent because it has already succeeded after being previously "
                "confirmed."
            )
        if self.status not in CONFIRMABLE:
            raise self.unexpected(
                f"You cannot confirm this PaymentIntent because it has a status of {self.status}. Only a PaymentIntent "
                "with one of the following statuses may be confirmed: requires_confirmation, requires_action."
            )

    def check_cancelable(self) -> None:
        if self.status not in CANCELABLE:
            raise self.unexpected(
                f"You cannot cancel this PaymentIntent because it has a status of {self.status}. Only a PaymentIntent "
                f"with one of the following statuses may be canceled: {', '.join(CANCELABLE)}."
            )

    def check_capturable(self) -> None:
        if self.status != "requires_capture":
            raise self.unexpected(
                f"This PaymentIntent could not be captured because it has a status of {self.status}. Only a "
                "PaymentIntent with one of the following statuses may be captured: requires_capture."
            )

    def check_updatable(self, field_name: str) -> None:
        if self.status not in UPDATABLE:
            raise self.unexpected(
                f"This PaymentIntent's {field_name} could not be updated because it has a status of {self.status}. You "
                f"may only update the {field_name} of a PaymentIntent with one of the following statuses: "
                f"{', '.join(UPDATABLE)}."
            )

    def unexpected(self, message: str) -> ApiError:
        return refused(message, code="payment_intent_unexpected_state", details={"payment_intent": self.wire()})

    def wire(self) -> JsonObject:
        metadata: dict[str, Json] = {**self.metadata}
        method_types: list[Json] = [*self.method_types]
        allowed: list[Json] | None = None if self.allowed_types is None else [*self.allowed_types]
        return {
            "id": self.id,
            "object": "payment_intent",
            "allowed_payment_method_types": allowed,
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_details": {"tip": {}},
            "amount_received": self.amount_received,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": self.automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "customer_account": None,
            "description": self.description,
            "excluded_payment_method_types": None,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": False,
            "managed_payments": None,
            "metadata": metadata,
            "next_action": self.next_action,
            "on_behalf_of": None,
            "payment_method": self.payment_method,
            "payment_method_configuration_details": None,
            "payment_method_options": {"card": self.card_options()},
            "payment_method_types": method_types,
            "processing": {"type": "card", "card": {}} if self.status == "processing" else None,
            "receipt_email": self.receipt_email,
            "review": None,
            "setup_future_usage": self.setup_future_usage,
            "shipping": None,
            "source": None,
            "statement_descriptor": self.statement_descriptor,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            "status": self.status,
            "transfer_data": None,
            "transfer_group": self.transfer_group,
        }

    def card_options(self) -> JsonObject:
        chosen = self.method_options.get("card")
        defaults: JsonObject = {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": "automatic",
        }
        return defaults | (chosen if isinstance(chosen, dict) else {})
