"""Directory changes on real tables: they pause and free, and never move a credit."""

from __future__ import annotations

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsFreed, CreditsPaused, PurchaseCredited, UsageRefused
from shared.contracts.decode import Tombstone
from shared.contracts.reasons import Reason
from tests.integration.credit_ledger.ledger import Ledger, bad_checks, catalog, member, paid, usage, workspace
from tests.stack.database import Database


@pytest.mark.rule("C4")
@pytest.mark.case(22)
def test_free_pauses_and_pro_frees_without_a_posting(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin", "evan"), usage("u1", 100))
    postings = ledger.rows("SELECT * FROM postings ORDER BY transaction_id, ordinal")
    answers = ledger.handle(workspace(plan="free", version=2), workspace(plan="pro", version=3))
    assert [(paused.user_id, paused.cause, paused.top_up_credits) for paused in answers.of(CreditsPaused)] == [
        ("erin", "plan", 3_000),
        ("evan", "plan", 3_000),
    ]
    assert [freed.user_id for freed in answers.of(CreditsFreed)] == ["erin", "evan"]
    assert ledger.rows("SELECT * FROM postings ORDER BY transaction_id, ordinal") == postings


@pytest.mark.rule("C4", "C5")
def test_a_balance_says_what_is_usable_now(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 100))

    def usable(*changes: object) -> list[tuple[int, int, int, bool]]:
        balances = ledger.handle(*changes).of(BalanceChanged)
        return [(each.quota_remaining, each.top_up_remaining, each.usable, each.top_up_paused) for each in balances]

    assert usable(workspace(status="past_due", version=2)) == [(9_900, 3_000, 9_900, True)]
    assert usable(member("erin", "viewer", 2)) == [(9_900, 3_000, 0, True)]
    assert usable(workspace(version=3)) == [(9_900, 3_000, 0, True)]
    assert usable(member("erin", "guest_editor", 3)) == [(9_900, 3_000, 12_900, False)]


@pytest.mark.rule("C5")
def test_an_account_is_paused_once_per_crossing_whatever_pauses_it_next(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"))
    answers = ledger.handle(
        member("erin", "viewer", 2),
        workspace(plan="free", version=2),
        workspace(plan="pro", version=3),
        member("erin", "editor", 3),
    )
    assert [(paused.user_id, paused.cause) for paused in answers.of(CreditsPaused)] == [("erin", "role")]
    assert [freed.user_id for freed in answers.of(CreditsFreed)] == ["erin"]


def test_an_account_without_bought_credits_is_told_nothing_of_pauses(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 100))
    answers = ledger.handle(workspace(plan="free", version=2), workspace(version=3))
    assert not answers.of(CreditsPaused)
    assert not answers.of(CreditsFreed)


def test_an_older_or_equal_version_changes_nothing(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"), workspace(version=5), member("erin", "editor", 5))
    assert ledger.handle(workspace(plan="free", version=5), member("erin", "viewer", 4)).effects == []
    assert ledger.rows("SELECT plan, version FROM workspaces") == [("business", 5)]


@pytest.mark.rule("C3", "C5")
def test_who_leaves_keeps_his_account_and_has_it_again_when_he_returns(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 100))
    [paused] = ledger.handle(Tombstone("acme/erin")).of(CreditsPaused)
    assert paused.cause == "role"
    assert [refused.reason for refused in ledger.handle(usage("u2", 1)).of(UsageRefused)] == [Reason.UNKNOWN_MEMBER]
    answers = ledger.handle(member("erin", "editor", 2))
    assert [freed.top_up_credits for freed in answers.of(CreditsFreed)] == [3_000]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_900), ("top_up", 3_000, 3_000)]


def test_a_workspace_that_is_gone_pauses_everybody_and_its_books_stay(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin", "evan"))
    answers = ledger.handle(Tombstone("acme"), Tombstone("acme"), Tombstone("never-heard-of"))
    assert [paused.user_id for paused in answers.of(CreditsPaused)] == ["erin", "evan"]
    assert ledger.lots("acme", "erin") == [("top_up", 3_000, 3_000)]
    assert len(ledger.handle(workspace(version=2)).of(CreditsFreed)) == 2


@pytest.mark.rule("B8", "C4")
def test_a_purchase_paid_when_its_workspace_was_removed_is_credited_and_nobody_can_use_it(
    ledger: Ledger, database: Database
) -> None:
    [credited] = ledger.handle(Tombstone("acme"), paid("p1", "erin", "evan")).of(PurchaseCredited)
    assert [(line.user_id, line.usable) for line in credited.lines] == [("erin", False), ("evan", False)]
    assert ledger.handle(usage("u1", 1)).of(UsageRefused)
    ledger.handle(workspace(version=2))
    assert ledger.handle(usage("u2", 12_000)).of(UsageRefused) == []
    assert bad_checks(database) == []


@pytest.mark.rule("C5")
def test_only_a_higher_version_than_the_last_one_seen_brings_back_what_was_removed(ledger: Ledger) -> None:
    ledger.handle(member("erin", "admin", 5), paid("p1", "erin"), Tombstone("acme/erin"))
    assert ledger.handle(member("erin", "editor", 4), member("erin", "admin", 5)).effects == []
    assert [freed.user_id for freed in ledger.handle(member("erin", "editor", 6)).of(CreditsFreed)] == ["erin"]
    ledger.handle(workspace(version=7), Tombstone("acme"))
    assert ledger.handle(workspace(version=6), workspace(version=7)).effects == []
    assert [freed.user_id for freed in ledger.handle(workspace(version=8)).of(CreditsFreed)] == ["erin"]


@pytest.mark.rule("C5")
def test_usage_of_what_was_removed_is_refused_at_once_and_holds_up_nothing(ledger: Ledger) -> None:
    ledger.handle(workspace("zeta"), member(workspace_id="zeta"))
    ledger.handle(Tombstone("acme/erin"), Tombstone("zeta"))
    answers = ledger.handle(usage("u1", 5), usage("u2", 5, workspace_id="zeta"), usage("u3", 5, user_id="evan"))
    assert answers.parked == []
    assert [(refused.usage_id, refused.reason) for refused in answers.of(UsageRefused)] == [
        ("u1", Reason.UNKNOWN_MEMBER),
        ("u2", Reason.UNKNOWN_WORKSPACE),
    ]
    assert ledger.lots("acme", "evan") == [("quota", 10_000, 9_995)]


@pytest.mark.rule("C5")
def test_of_a_compacted_log_a_tombstone_alone_is_enough_to_refuse_at_once(ledger: Ledger) -> None:
    ledger.handle(Tombstone("acme/earl"), Tombstone("gone"))
    answers = ledger.handle(usage("u1", 5, user_id="earl"), usage("u2", 5, workspace_id="gone"))
    assert [refused.reason for refused in answers.of(UsageRefused)] == [
        Reason.UNKNOWN_MEMBER,
        Reason.UNKNOWN_WORKSPACE,
    ]
    ledger.handle(member("earl"), workspace("gone"), member("earl", workspace_id="gone"))
    answers = ledger.handle(usage("u3", 5, user_id="earl"), usage("u4", 5, user_id="earl", workspace_id="gone"))
    assert answers.of(UsageRefused) == []
    assert answers.parked == []


def test_a_published_catalog_version_never_changes(ledger: Ledger) -> None:
    ledger.handle(catalog(1, business_editor=1), catalog(2, business_editor=2))
    assert ledger.rows("SELECT catalog_version, business_editor FROM catalogs ORDER BY 1") == [(1, 10_000), (2, 2)]
    assert ledger.rows("SELECT catalog_version, credits FROM action_prices ORDER BY 1") == [(1, 2), (2, 4)]
