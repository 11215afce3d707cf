"""Spending caps (B13): set on `billing.top-up.commands.v1`, told on `billing.top-up.v1`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.fields import Currency, Id, Instant
from shared.contracts.message import Message

# A cap is a sum of purchases: far above any workspace's day, far below bigint. Zero: nothing may be bought.
CapMinor = Annotated[int, Field(strict=True, ge=0, le=10**15)]


class _Caps(Message):
    workspace_id: Id
    actor_id: Id
    currency: Currency
    workspace_day_minor: CapMinor | None = None
    buyer_day_minor: CapMinor | None = None

    def key(self) -> str:
        return self.workspace_id


class SetSpendingCaps(_Caps):
    """The owner limits what is spent on top-ups in a day (UTC): by the workspace, and by each buyer in it (B13).

    What is left out is not limited. In `currency` only: each currency has caps of its own.
    """

    type: ClassVar[str] = "billing.set-spending-caps.v1"


class SpendingCapsSet(_Caps):
    """The caps of a workspace from now on, in one currency, and who set them (B13)."""

    type: ClassVar[str] = "billing.spending-caps-set.v1"

    set_at: Instant
