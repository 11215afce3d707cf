"""Who may use what, as a table."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import get_args

import pytest

from services.credit_ledger.domain.eligibility import Eligibility, Workspace, eligibility, seat
from shared.contracts.credit_ledger import POOL
from shared.contracts.workspace import Plan, Role, WorkspaceStatus

PLANS: tuple[Plan, ...] = get_args(Plan)
STATUSES: tuple[WorkspaceStatus, ...] = get_args(WorkspaceStatus)
ROLES: tuple[Role | None, ...] = (*get_args(Role), None)


def made(plan: Plan, status: WorkspaceStatus = "active") -> Workspace:
    return Workspace("acme", plan, status, date(2026, 1, 5))


@pytest.mark.rule("C4", "C5")
@pytest.mark.parametrize(
    ("plan", "status", "role", "quota", "paused_by"),
    [
        ("pro", "active", "editor", True, None),
        ("business", "active", "guest_editor", True, None),
        ("free", "active", "editor", False, "plan"),
        ("free", "active", "viewer", False, "plan"),
        ("pro", "past_due", "editor", True, "status"),
        ("pro", "canceled", "owner", False, "status"),
        ("business", "active", "viewer", False, "role"),
        ("business", "active", None, False, "role"),
    ],
)
def test_plan_status_and_role_decide(
    plan: Plan, status: WorkspaceStatus, role: Role | None, quota: bool, paused_by: str | None
) -> None:
    may = eligibility("erin", made(plan, status), role)
    assert (may.quota, may.paused_by) == (quota, paused_by)


@pytest.mark.rule("C4", "C5")
@pytest.mark.parametrize(("plan", "status", "role"), list(product(PLANS, STATUSES, ROLES)))
def test_bought_credits_need_a_paid_plan_an_active_one_and_somebody_who_can_edit(
    plan: Plan, status: WorkspaceStatus, role: Role | None
) -> None:
    may = eligibility("erin", made(plan, status), role)
    free_to_use = plan != "free" and status == "active" and role not in ("viewer", None)
    assert (may.paused_by is None) == free_to_use


@pytest.mark.rule("C6")
@pytest.mark.parametrize(("plan", "status", "role"), list(product(PLANS, STATUSES, ROLES)))
def test_quota_comes_from_the_pool_or_from_a_seat_and_never_from_both(
    plan: Plan, status: WorkspaceStatus, role: Role | None
) -> None:
    workspace = made(plan, status)
    assert (seat(POOL, workspace, None) is None) != workspace.pooled
    assert not (workspace.pooled and seat("erin", workspace, role))
    assert eligibility("erin", workspace, role).quota == (seat("erin", workspace, role) is not None)
    assert eligibility(POOL, workspace, None).quota == workspace.pooled


@pytest.mark.rule("C4")
def test_in_an_unknown_workspace_nobody_may_use_anything() -> None:
    for user in ("erin", POOL):
        assert eligibility(user, None, "owner") == Eligibility(quota=False, paused_by="status")
        assert seat(user, None, "owner") is None
