"""Messages for the tests of the road."""

from __future__ import annotations

from datetime import UTC, datetime

from shared.contracts.product import UsageReported
from shared.contracts.top_up_commands import CancelRequest
from shared.contracts.workspace import ContactChanged, WorkspaceChanged


def workspace(name: str, number: int = 1) -> WorkspaceChanged:
    """The workspace of this name, as its `number`-th version."""
    return WorkspaceChanged.read(
        {
            "workspace_id": name,
            "name": f"{name} v{number}",
            "plan": "pro",
            "status": "active",
            "cycle_anchor": "2026-01-01",
            "version": number,
        }
    )


def command(workspace_id: str, number: int = 1, actor_id: str = "u1") -> CancelRequest:
    """A command for this workspace; the number makes it another one."""
    return CancelRequest(
        workspace_id=workspace_id, actor_id=actor_id, request_id=f"0198c0de-0000-7000-8000-{number:012d}"
    )


def usage(workspace_id: str, usage_id: str) -> UsageReported:
    occurred_at = datetime(2026, 1, 1, tzinfo=UTC)
    return UsageReported(usage_id=usage_id, workspace_id=workspace_id, user_id="u1", occurred_at=occurred_at, credits=1)


def contact(user_id: str) -> ContactChanged:
    return ContactChanged(user_id=user_id, name="Ann", email="ann@example.test", version=1)
