"""Step 8: billing is killed with kill -9 between Stripe's success and its own commit (case 1)."""

from __future__ import annotations

import signal

from deploy.demo.stage import Stage
from shared.contracts.credit_ledger import CreditsGranted, PurchaseCredited

BORDER = "billing.charge.after-stripe"


def play(stage: Stage) -> None:
    """Kill the only process that knows the charge succeeded."""
    stage.narrator.step("8", "kill -9 between Stripe's success and billing's own commit")
    check = stage.narrator.check
    quote = stage.quote("olivia", "credits-3k", "erin")
    stage.workers.restart("billing", crash_at=f"{BORDER}:1")
    command = stage.purchase_command("olivia", quote)
    stage.send(command)
    code = stage.workers.wait_for_exit("billing")
    check(code == -signal.SIGKILL, f"billing died by SIGKILL at {BORDER}", code)
    charges = stage.journal.charges_of(command.purchase_id)
    check(charges == [quote.total_minor], "the card was charged, and nobody has recorded it", charges)
    stage.workers.start("billing")
    stage.witness.wait(
        PurchaseCredited, lambda event: event.purchase_id == command.purchase_id, "credited", timeout_s=60
    )
    charges = stage.journal.charges_of(command.purchase_id)
    check(charges == [quote.total_minor], "started again it finishes: still one charge", charges)
    granted = stage.witness.seen(CreditsGranted, lambda event: event.purchase_id == command.purchase_id)
    check([grant.user_id for grant in granted] == ["erin"], "credited once", granted)
