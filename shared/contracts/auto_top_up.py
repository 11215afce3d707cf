"""Auto top-up (B14): commands on `billing.top-up.commands.v1`, what becomes of it on `billing.top-up.v1`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.fields import Currency, Id, Instant, PositiveCredits, ReasonText, UuidText
from shared.contracts.message import Message
from shared.contracts.reasons import Reason

# A month of purchases: far above any, far below bigint.
MonthlyCapMinor = Annotated[int, Field(strict=True, ge=1, le=10**15)]


class _OfAccount(Message):
    workspace_id: Id
    user_id: Id

    def key(self) -> str:
        return self.workspace_id


class _Settings(_OfAccount):
    actor_id: Id
    package_id: Id
    threshold_credits: PositiveCredits
    monthly_cap_minor: MonthlyCapMinor
    currency: Currency


class SetAutoTopUp(_Settings):
    """Owner or admin has an account topped up by itself: one package whenever less than `threshold_credits` is usable.

    In a month (UTC) for at most `monthly_cap_minor` of the package's `currency`. Who says so is the buyer.

    Said again it replaces what was said before, and begins anew after declines.
    """

    type: ClassVar[str] = "billing.set-auto-top-up.v1"


class StopAutoTopUp(_OfAccount):
    """Owner or admin stops it. A purchase under way goes on; it is not tried again by itself."""

    type: ClassVar[str] = "billing.stop-auto-top-up.v1"

    actor_id: Id


class AutoTopUpSet(_Settings):
    """An account is topped up by itself from now on (B14)."""

    type: ClassVar[str] = "billing.auto-top-up-set.v1"

    set_at: Instant


class AutoTopUpHeldBack(_OfAccount):
    """Credits are low and nothing is bought, for now: told once until the reason changes (B14)."""

    type: ClassVar[str] = "billing.auto-top-up-held-back.v1"

    reason: Reason
    detail: ReasonText
    try_again_at: Instant


class AutoTopUpStopped(_OfAccount):
    """Nothing is bought by itself any more until somebody sets it again (B14).

    `set_by` is who had set it; `purchase_id` the purchase that was declined too often, which a person may still retry.
    """

    type: ClassVar[str] = "billing.auto-top-up-stopped.v1"

    cause: Literal["switched_off", "declined", "refused"]
    set_by: Id
    actor_id: Id | None = None
    reason: Reason | None = None
    detail: ReasonText | None = None
    purchase_id: UuidText | None = None
