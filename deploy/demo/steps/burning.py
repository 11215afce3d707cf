"""Step 6: usage burns the quota first, then top-up lots, oldest first: shown lot by lot (C1)."""

from __future__ import annotations

from deploy.demo.stage import Stage
from shared.contracts.credit_ledger import BalanceChanged

USAGES = (9_000, 5_000, 7_000)


def play(stage: Stage) -> None:
    """emil holds a quota of 10,000 and two top-up lots, of 10,000 and 3,000."""
    stage.narrator.step("6", "Quota first, then top-up lots, oldest first")
    rows: list[tuple[object, ...]] = []
    taken: list[tuple[str, int]] = []
    names: dict[str, str] = {}
    for number, credits in enumerate(USAGES, 1):
        stage.use("emil", f"burning-{number}", credits)
        burned = stage.burned("emil", credits)
        for lot in burned.lots:
            if lot.lot_id not in names:
                names[lot.lot_id] = "quota" if lot.kind == "quota" else f"top-up {len(names)}"
            taken.append((names[lot.lot_id], lot.credits))
            rows.append((f"usage {number}: {credits:,}", names[lot.lot_id], f"{lot.credits:,}"))
    stage.narrator.table(("usage", "taken from", "credits"), rows)
    expected = [("quota", 9_000), ("quota", 1_000), ("top-up 1", 4_000), ("top-up 1", 6_000), ("top-up 2", 1_000)]
    stage.narrator.check(taken == expected, "quota burns before top-ups, and of these the older one first", taken)
    left = (0, 2_000)
    # On another topic than what was burned, so it may be seen later.
    stage.witness.wait(BalanceChanged, lambda event: _is_emils(event) and _left(event) == left, "emil's last balance")
    balance = stage.witness.latest(BalanceChanged, _is_emils)
    stage.narrator.check(_left(balance) == left, "2,000 bought credits are left", balance)


def _is_emils(event: BalanceChanged) -> bool:
    return event.user_id == "emil"


def _left(event: BalanceChanged) -> tuple[int, int]:
    return event.quota_remaining, event.top_up_remaining
