"""Step 7: the Free plan and the Viewer role pause bought credits; going back frees them; no balance moves (C4, C5)."""

from __future__ import annotations

from collections.abc import Callable

from deploy.demo.stage import Stage
from shared.contracts.credit_ledger import BalanceChanged, CreditsFreed, CreditsPaused, LotBalance, UsageRefused
from shared.contracts.reasons import Reason

TITLES = {"plan": "the Free plan", "role": "the role Viewer"}


def play(stage: Stage) -> None:
    """Pause and free the same credits twice: by plan, by role."""
    stage.narrator.step("7", "Free pauses, Pro frees; Viewer pauses, Can Edit frees")
    before = _top_ups(stage)
    _pause_and_free(stage, "plan", Reason.CREDITS_PAUSED, stage.set_plan("free"), stage.set_plan("pro"))
    _pause_and_free(
        stage, "role", Reason.CANNOT_EDIT, stage.set_role("emil", "viewer"), stage.set_role("emil", "editor")
    )
    stage.narrator.check(_top_ups(stage) == before, "after both, no balance has moved", _top_ups(stage))
    stage.change_workspace(plan="business")


def _pause_and_free(
    stage: Stage, cause: str, reason: Reason, pause: Callable[[], None], free: Callable[[], None]
) -> None:
    witness, check = stage.witness, stage.narrator.check
    title = TITLES[cause]
    mark = witness.mark()
    pause()
    paused = witness.wait(CreditsPaused, lambda event: event.user_id == "emil", f"{title} pauses credits", after=mark)
    check(paused.cause == cause, f"{title} pauses emil's {paused.top_up_credits:,} bought credits", paused)
    usage_id = f"while-paused-by-{cause}"
    stage.use("emil", usage_id, 1_500)
    refused = witness.wait(UsageRefused, lambda event: event.usage_id == usage_id, "usage meanwhile is refused")
    check(refused.reason is reason, f"usage meanwhile is refused: {reason.value}", refused)
    free()
    freed = witness.wait(CreditsFreed, lambda event: event.user_id == "emil", "the credits are freed", after=mark)
    check(freed.top_up_credits == paused.top_up_credits, f"going back frees all {freed.top_up_credits:,}", freed)


def _top_ups(stage: Stage) -> list[LotBalance]:
    balance = stage.witness.latest(BalanceChanged, lambda event: event.user_id == "emil")
    return [lot for lot in balance.lots if lot.kind == "top_up"]
