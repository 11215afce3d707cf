"""What a product wants, as the commands on the wire. Only here ids are chosen: they are the caller's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from shared.contracts.holds import DEFAULT_EXPIRY_S, CaptureHold, HoldCredits, ReleaseHold
from shared.contracts.product import UsageReported, UsageReversed

PATIENCE_S = 35.0  # an answer takes milliseconds; a refusal of an unknown workspace 30 s, for it might yet arrive


@dataclass(frozen=True, slots=True)
class Order:
    """A hold that is wanted: so many `credits`, or what `quantity` units of an `action` cost.

    `account` is WORKSPACE/USER. `hold_id` is made up when left out; give your own to repeat after a crash.
    """

    account: str
    credits: int | None = None
    action: str | None = None
    quantity: int | None = None
    expires_in_s: int = DEFAULT_EXPIRY_S
    hold_id: str = field(default_factory=lambda: str(uuid4()))
    timeout_s: float = PATIENCE_S

    def begin(self) -> HoldCredits:
        """The command that places it. Raises `ValueError` for what no ledger would read."""
        workspace_id, user_id = split(self.account)
        return HoldCredits(
            workspace_id=workspace_id,
            user_id=user_id,
            hold_id=self.hold_id,
            credits=self.credits,
            action=self.action,
            quantity=self.quantity,
            expires_in_s=self.expires_in_s,
        )

    def capture(self, credits: int | None, quantity: int | None) -> CaptureHold:
        """The command that captures so much of it."""
        return CaptureHold(
            workspace_id=split(self.account)[0], hold_id=self.hold_id, credits=credits, quantity=quantity
        )

    def release(self) -> ReleaseHold:
        """The command that gives it back."""
        return ReleaseHold(workspace_id=split(self.account)[0], hold_id=self.hold_id)


def usage_of(
    account: str,
    credits: int | None,
    action: str | None,
    quantity: int | None,
    usage_id: str | None,
    occurred_at: datetime | None,
) -> UsageReported:
    """A usage to be reported. Raises `ValueError` for what no ledger would read."""
    workspace_id, user_id = split(account)
    return UsageReported(
        workspace_id=workspace_id,
        user_id=user_id,
        usage_id=usage_id or str(uuid4()),
        credits=credits,
        action=action,
        quantity=quantity,
        occurred_at=occurred_at or datetime.now(UTC),
    )


def reversal_of(account: str, usage_id: str) -> UsageReversed:
    """A usage to be taken back."""
    return UsageReversed(workspace_id=split(account)[0], usage_id=usage_id)


def split(account: str) -> tuple[str, str]:
    """Workspace and user of an account as it is written. Raises `ValueError`."""
    workspace_id, slash, user_id = account.partition("/")
    if not (workspace_id and slash and user_id):
        raise ValueError(f"write an account as WORKSPACE/USER, not {account!r}")
    return workspace_id, user_id
