"""Events to begin with: a good one, and ways to spoil it."""

from __future__ import annotations

from typing import Any

import orjson

from shared.contracts.envelope import BATCH, STRUCTURED, Headers

STRUCTURED_HEADERS: Headers = (("content-type", STRUCTURED.encode()),)
BATCH_HEADERS: Headers = (("content-type", BATCH.encode()),)


def usage(**changes: Any) -> dict[str, Any]:
    """A usage event as a product sends it; `data__x` changes a field of its data, None removes an attribute."""
    data: dict[str, Any] = {
        "usage_id": "u-1",
        "workspace_id": "acme",
        "user_id": "edith",
        "occurred_at": "2026-01-31T12:00:00Z",
        "credits": 5,
    }
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": "u-1",
        "source": "/products/chat",
        "type": "product.usage-reported.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": data,
    }
    for name, value in changes.items():
        target, field = (data, name[6:]) if name.startswith("data__") else (event, name)
        target[field] = value
        if value is None:
            del target[field]
    return event


def value(**changes: Any) -> bytes:
    """The same as a Kafka value."""
    return orjson.dumps(usage(**changes))
