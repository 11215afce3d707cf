"""Step 1: usage from a real trace burns a monthly quota until one is refused with what is missing (C1, C10)."""

from __future__ import annotations

from deploy.demo.stage import Stage
from shared.contracts.credit_ledger import CreditsBurned, UsageRefused
from shared.contracts.reasons import Reason

BUSINESS_QUOTA = 10_000


def play(stage: Stage) -> None:
    """Replay the excerpt of the trace as usage of one editor."""
    stage.narrator.step("1", "An hour of a real LLM service burns an editor's monthly quota")
    usages = stage.replay_trace("erin")
    witness = stage.witness

    def accounted_for() -> int:
        burned = sum(event.usages for event in witness.seen(CreditsBurned, lambda event: event.user_id == "erin"))
        return burned + len(witness.seen(UsageRefused, lambda event: event.user_id == "erin"))

    witness.until(lambda: accounted_for() == usages, f"all {usages} usages of the trace are burned or refused")
    burned = witness.seen(CreditsBurned, lambda event: event.user_id == "erin")
    refused = witness.seen(UsageRefused, lambda event: event.user_id == "erin")
    total = sum(event.credits for event in burned)
    first = refused[0]
    check = stage.narrator.check
    check(accounted_for() == usages, f"each of {usages} usages had one effect: burned or refused", accounted_for())
    check(0 < total <= BUSINESS_QUOTA, f"the quota of {BUSINESS_QUOTA:,} was burned and never exceeded", total)
    check(
        all(lot.kind == "quota" for event in burned for lot in event.lots),
        "nothing but the quota lot was touched",
        burned,
    )
    check(
        first.reason is Reason.INSUFFICIENT_CREDITS and first.short_by == first.needed - first.available > 0,
        f"a refusal says what is missing: needs {first.needed}, has {first.available}, short by {first.short_by}",
        first,
    )
    stage.narrator.tell(usages=usages, burned=f"{total:,} credits", refused=len(refused), messages=len(burned))
