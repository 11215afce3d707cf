"""Workspaces and members as this service knows them: its own projection of the directory (B2)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.workspace import Plan, Role, WorkspaceStatus

PAYING_PLANS: frozenset[Plan] = frozenset({"pro", "business"})  # B1
BUYERS: frozenset[Role] = frozenset({"owner", "admin"})  # B2
EDITORS: frozenset[Role] = frozenset({"owner", "admin", "editor", "guest_editor"})  # all but viewer


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace; `removed` when the directory took it back."""

    workspace_id: str
    plan: Plan
    status: WorkspaceStatus
    customer_id: str | None
    payment_method_id: str | None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a workspace; `removed` when they left: then "no longer a member", whatever the role was."""

    workspace_id: str
    user_id: str
    role: Role
    removed: bool = False

    @property
    def may_buy(self) -> bool:
        return not self.removed and self.role in BUYERS

    @property
    def can_edit(self) -> bool:
        return not self.removed and self.role in EDITORS
