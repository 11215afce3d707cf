"""A usage, and what becomes of it: burned whole, or refused for good (C10, C11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.contracts.reasons import Reason


class Usage(NamedTuple):
    """What a product reported. Either `credits`, or `action` and `quantity`."""

    user_id: str
    occurred_at: datetime
    credits: int | None
    action: str | None
    quantity: int | None


class Refusal(NamedTuple):
    """Nothing was burned. `needed` and `available` are credits; `needed` is 0 where no price is known."""

    reason: Reason
    needed: int = 0
    available: int = 0
    catalog_version: int | None = None

    @property
    def short_by(self) -> int:
        """How many credits were missing; 0 where credits were not the reason."""
        return self.needed - self.available if self.reason in SHORT else 0


class Burn(NamedTuple):
    """The credits were taken, in the transaction `transaction_id`."""

    transaction_id: UUID
    credits: int
    catalog_version: int | None


Outcome = Burn | Refusal

SHORT = frozenset({Reason.INSUFFICIENT_CREDITS, Reason.CREDITS_PAUSED})


def _short(refusal: Refusal) -> str:
    return (
        f"{refusal.needed} credits needed, {refusal.available} available, short by {refusal.short_by}; "
        "buy or ask for credits, or wait for the next period"
    )


def _paused(refusal: Refusal) -> str:
    return (
        f"{refusal.needed} credits needed, {refusal.available} available; the bought credits that would cover it are "
        "paused: upgrade the workspace or settle its subscription"
    )


_DETAILS: dict[Reason, Callable[[Refusal], str]] = {
    Reason.INSUFFICIENT_CREDITS: _short,
    Reason.CREDITS_PAUSED: _paused,
    Reason.UNKNOWN_WORKSPACE: lambda _: "no such workspace in the directory; check workspace_id",
    Reason.UNKNOWN_MEMBER: lambda _: "no such member in this workspace; check user_id",
    Reason.CANNOT_EDIT: lambda _: "viewers use no credits; ask for a role that can edit",
    Reason.UNKNOWN_ACTION: lambda _: (
        "the catalog in force has no price for this action; report credits, or have it added"
    ),
    Reason.AMOUNT_TOO_LARGE: lambda _: "one usage may cost at most 1,000,000,000 credits; report it in parts",
    Reason.NO_CATALOG: lambda _: "no catalog has been published yet; publish one, then report under a new usage_id",
    Reason.USAGE_ID_REUSED: lambda _: (
        "this usage_id was reported before with other content, which stands; report new work under a new usage_id"
    ),
}


def detail(refusal: Refusal) -> str:
    """What went wrong and how to mend it, for people."""
    return _DETAILS[refusal.reason](refusal)
