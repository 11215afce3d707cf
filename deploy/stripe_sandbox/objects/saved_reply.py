"""The reply kept under an idempotency key (API reference, "Idempotent requests")."""

from dataclasses import dataclass
from typing import ClassVar

from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import JsonObject


@dataclass(frozen=True, kw_only=True)
class SavedReply(Record):
    """id: account and key; fingerprint: hash of the parameters; request_id: of the first request."""

    KIND: ClassVar[str] = "saved_reply"
    method: str
    path: str
    fingerprint: str
    request_id: str
    status: int
    body: JsonObject
