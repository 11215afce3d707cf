"""Step 9: the books: the processor's journal against the purchases, and the ledger against itself (C14)."""

from __future__ import annotations

from deploy.demo.stage import Stage


def play(stage: Stage) -> None:
    """Compare what independent witnesses wrote down."""
    stage.narrator.step("9", "The books")
    check = stage.narrator.check
    charged = stage.journal.charged_by_purchase()
    recorded = stage.books.paid_purchases()
    check(
        charged == recorded, f"the processor's journal equals the {len(recorded)} paid purchases", (charged, recorded)
    )
    unbalanced = stage.books.unbalanced_transactions()
    check(unbalanced == 0, f"each of {stage.books.transactions():,} ledger transactions sums to zero", unbalanced)
    wrong = stage.books.lots_that_differ_from_their_entries()
    check(wrong == 0, f"each of {stage.books.lots()} balances is the fold of its entries", wrong)
    verified = stage.books.verify()
    check(verified.returncode == 0, "`refill verify` finds nothing", verified.stdout + verified.stderr)
    stage.narrator.tell(
        charges=len(charged),
        charged=f"{sum(charged.values()) / 100:.2f} USD",
        dead_letters=stage.witness.dead_letters(),
    )
    check(stage.witness.dead_letters() == 0, "no message was set aside on the way")
