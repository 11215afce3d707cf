"""What a webhook event says, reduced to what is kept: ids. Its body holds client secrets and card data."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from services.billing.repository.webhooks import WebhookEvent
from services.billing.stripe_shapes import Json, id_of


def event_from(event: Json) -> WebhookEvent:
    """What of a verified event is kept. Raises KeyError, TypeError or ValueError when it is no event."""
    subject = event["data"]["object"]
    is_intent = subject.get("object") == "payment_intent"
    metadata = subject.get("metadata") or {}
    return WebhookEvent(
        event_id=str(event["id"]),
        type=str(event["type"]),
        created_at=datetime.fromtimestamp(int(event["created"]), UTC),
        intent_id=id_of(subject.get("id" if is_intent else "payment_intent")),
        purchase_id=_uuid(metadata.get("purchase_id")),
    )


def _uuid(text: object) -> str | None:
    try:
        return str(UUID(str(text)))
    except ValueError:
        return None
