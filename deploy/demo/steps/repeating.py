"""Step 4: the same command again gives the same answer; a changed price charges nothing (B5, B7)."""

from __future__ import annotations

from deploy.demo.stage import Stage
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import CommandRefused, PurchaseAccepted, PurchaseStatus


def play(stage: Stage) -> None:
    """Repeat a finished purchase, then buy with a stale quote."""
    stage.narrator.step("4", "The same command again, and a price that changed")
    check = stage.narrator.check
    first = stage.first_purchase
    again = stage.ask(first.command, PurchaseStatus, PurchaseAccepted, CommandRefused)
    check(
        isinstance(again, PurchaseStatus) and again.state == "credited" and again.quote == first.command.quote,
        "repeating the purchase gives the same answer: credited",
        again,
    )
    charges = stage.journal.charges_of(first.purchase_id)
    check(len(charges) == 1, "and no second charge", charges)

    stale = stage.quote("adam", "credits-10k", "erin")
    charged_before = stage.journal.succeeded_total()
    stage.publish("catalog-2.json")
    fresh = stage.quote_of_version(2, "adam", "credits-10k", "erin")
    refused = stage.ask(stage.purchase_command("adam", stale), PurchaseAccepted, CommandRefused)
    check(
        isinstance(refused, CommandRefused) and refused.reason is Reason.PRICE_CHANGED,
        f"bought at {stale.total_minor / 100:.2f} when the price is {fresh.total_minor / 100:.2f}: price_changed",
        refused,
    )
    check(stage.journal.succeeded_total() == charged_before, "and nothing was charged")
