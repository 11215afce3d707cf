"""Owned by products: what was used, on `product.usage.v1`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from shared.contracts.fields import Id, Instant, PositiveCredits
from shared.contracts.message import Message

# Either measure, for those who check against the JSON Schema.
_MEASURES: list[JsonValue] = [
    {"required": ["credits"], "properties": {"credits": {"type": "integer"}}},
    {
        "required": ["action", "quantity"],
        "properties": {"action": {"type": "string"}, "quantity": {"type": "integer"}},
    },
]


class UsageReported(Message):
    """Work was done for a user: so many credits, or so many units of an action priced by the catalog (C10, C17).

    `usage_id` has one effect for ever, unique per workspace and envelope source (C11).
    """

    type: ClassVar[str] = "product.usage-reported.v1"

    model_config = ConfigDict(json_schema_extra={"oneOf": _MEASURES})

    usage_id: Id
    workspace_id: Id
    user_id: Id
    occurred_at: Instant
    credits: PositiveCredits | None = None
    action: Id | None = None
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)] | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        by_action = self.action is not None and self.quantity is not None
        if by_action == (self.credits is not None) or (self.action is None) != (self.quantity is None):
            raise ValueError("give either `credits`, or `action` and `quantity`")
        return self

    def key(self) -> str:
        return self.workspace_id


class UsageReversed(Message):
    """The work was not done after all: give back what this usage burned, whole, to the lots it came from (C12).

    From the source that reported it. Again it changes nothing: `usage_id` is reversed once for ever.
    """

    type: ClassVar[str] = "product.usage-reversed.v1"

    usage_id: Id
    workspace_id: Id

    def key(self) -> str:
        return self.workspace_id

    def entity(self) -> str:
        """One that waits for its usage does not hold back that usage."""
        return f"{self.workspace_id}/{self.usage_id}/reversal"
