"""A dump is put back under a system that went on for a while after it: it comes right from the log and from Stripe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containers.operations.site import WORKERS, Site

pytestmark = [
    pytest.mark.timeout(600),  # the first of them starts a whole project
]

PURCHASES = 15  # what was credited between the dump and its restore
CUT_ANEW = frozenset({"log: usages burned", "log: credits burned"})
"""`CreditsBurned` is told batch by batch. After a restore the batches are cut anew, so the log tells the same burning a
second time in other pieces (the ledger's README); balances, books and answers do not depend on it."""


@pytest.mark.case(12)
def test_a_dump_that_is_older_than_what_was_bought_since_is_restored_and_everything_comes_right(
    site: Site, tmp_path: Path
) -> None:
    backup = str(tmp_path / "refill.dump")
    site.retold = CUT_ANEW
    try:
        with site.trial("restore of an older dump") as trial:
            # A dump is taken under load; it holds half-finished purchases, as any backup does.
            site.runbook.follow("Make a backup", backup=backup)
            before = len(trial.credited())
            while len(trial.credited()) < before + PURCHASES:
                trial.flows("after the dump")
            since = len(trial.credited()) - before

            trial.strike()
            with site.work(trial, f"restore, {since} purchases after the dump", *WORKERS):
                site.runbook.follow("Restore a backup", backup=backup)
                trial.pass_by()
    finally:
        site.retold = frozenset()
