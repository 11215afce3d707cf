"""What became of an event's way to the webhook endpoint."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from deploy.stripe_sandbox.objects.record import Record


@dataclass(frozen=True, kw_only=True)
class Delivery(Record):
    """id: the event's."""

    KIND: ClassVar[str] = "delivery"
    status: Literal["pending", "delivered", "dropped"]
