"""Who may use which credits, derived from plan, status and role when it is asked; no balance moves (C4, C5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.credit_ledger import POOL
from shared.contracts.workspace import Plan, Role, WorkspaceStatus

Obstacle = Literal["plan", "status", "role"]
Seat = Literal["free", "pro_editor", "pro_guest_editor", "business_editor", "business_guest_editor"]

CAN_EDIT: frozenset[str] = frozenset({"owner", "admin", "editor", "guest_editor"})

# C6: owner and admins hold an editor's quota.
SEATS: dict[tuple[Plan, Role], Seat] = {
    ("pro", "owner"): "pro_editor",
    ("pro", "admin"): "pro_editor",
    ("pro", "editor"): "pro_editor",
    ("pro", "guest_editor"): "pro_guest_editor",
    ("business", "owner"): "business_editor",
    ("business", "admin"): "business_editor",
    ("business", "editor"): "business_editor",
    ("business", "guest_editor"): "business_guest_editor",
}


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the directory last said about a workspace."""

    workspace_id: str
    plan: Plan
    status: WorkspaceStatus
    cycle_anchor: date

    @property
    def pooled(self) -> bool:
        """Whether its quota is the pool's. A canceled plan is no plan; a past due one is still being dunned."""
        return self.plan == "free" or self.status == "canceled"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What of an account may be used now: its quota, and its top-up credits unless something pauses them."""

    quota: bool
    paused_by: Obstacle | None


NOTHING = Eligibility(quota=False, paused_by="status")
POOLED = Eligibility(quota=True, paused_by=None)


def eligibility(user_id: str, workspace: Workspace | None, role: Role | None) -> Eligibility:
    """What may be used of the account of `user_id`. `workspace` is None when unknown or gone, `role` when no member."""
    if workspace is None:
        return NOTHING
    if user_id == POOL:
        return POOLED if workspace.pooled else NOTHING
    return Eligibility(quota=role in CAN_EDIT and not workspace.pooled, paused_by=_obstacle(workspace, role))


def _obstacle(workspace: Workspace, role: Role | None) -> Obstacle | None:
    if workspace.plan == "free":
        return "plan"
    if workspace.status != "active":
        return "status"
    return None if role in CAN_EDIT else "role"


def closed(user_id: str, workspace: Workspace) -> bool:
    """Whether a plan that went from Free to paid or back has closed the account's quota (C8): the pool's on a paid
    plan, everybody's own where there is a pool."""
    return workspace.pooled != (user_id == POOL)


def seat(user_id: str, workspace: Workspace | None, role: Role | None) -> Seat | None:
    """By which line of the catalog's quotas the account gets a quota now, if by any (C6)."""
    if workspace is None:
        return None
    if user_id == POOL:
        return "free" if workspace.pooled else None
    if role is None or workspace.pooled:
        return None
    return SEATS.get((workspace.plan, role))
