"""Event (stripe/_event.py): what happened, with the object as it was then."""

from dataclasses import dataclass
from typing import ClassVar

from stripe._api_version import _ApiVersion

from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import JsonObject

# The one version whose shapes the sandbox writes: the one this SDK pins (stripe/_api_version.py).
API_VERSION = _ApiVersion.CURRENT


@dataclass(frozen=True, kw_only=True)
class Event(Record):
    """previous: for `*.updated`, the former values of what changed; None otherwise."""

    KIND: ClassVar[str] = "event"
    type: str
    snapshot: JsonObject
    previous: JsonObject | None = None
    request_id: str | None = None
    idempotency_key: str | None = None

    def wire(self, pending_webhooks: int = 0) -> JsonObject:
        data: JsonObject = {"object": self.snapshot}
        if self.previous is not None:
            data["previous_attributes"] = self.previous
        return {
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.created,
            "data": data,
            "livemode": False,
            "pending_webhooks": pending_webhooks,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": self.type,
        }
