"""Paid purchases on real tables: all lines or none, once, never refused."""

from __future__ import annotations

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsFreed, CreditsGranted, PurchaseCredited
from tests.integration.credit_ledger.ledger import Ledger, bad_checks, member, paid, uuid_of, workspace
from tests.stack.database import Database


@pytest.mark.rule("B8")
def test_all_lines_of_a_purchase_are_credited_and_told(ledger: Ledger, database: Database) -> None:
    answers = ledger.handle(paid("p1", "erin", "evan"))
    [credited] = answers.of(PurchaseCredited)
    assert [(line.user_id, line.credits, line.usable) for line in credited.lines] == [
        ("erin", 3_000, True),
        ("evan", 3_000, True),
    ]
    assert {granted.user_id: granted.purchase_id for granted in answers.of(CreditsGranted)} == {
        "erin": credited.purchase_id,
        "evan": credited.purchase_id,
    }
    balances = answers.of(BalanceChanged)
    assert [balance.usable for balance in balances] == [3_000, 3_000]
    assert [line.balance_version for line in credited.lines] == [balance.version for balance in balances]
    assert bad_checks(database) == []


@pytest.mark.rule("C11", "B8")
@pytest.mark.case(4)
def test_a_purchase_told_again_is_answered_alike_and_credited_once(ledger: Ledger) -> None:
    first = ledger.handle(paid("p1", "erin", "evan"), paid("p1", "erin", "evan"))
    ledger.handle(member("evan", "viewer", 2))
    again = ledger.handle(paid("p1", "erin", "evan"))
    assert first.of(PurchaseCredited) == [*again.of(PurchaseCredited)] * 2
    assert set(again.ids) <= set(first.ids)
    assert ledger.lots("acme", "erin") == ledger.lots("acme", "evan") == [("top_up", 3_000, 3_000)]


@pytest.mark.case(18)
@pytest.mark.parametrize(
    "contradiction",
    [
        paid("p1", "erin", credits=100_000),
        paid("p1", "erin", "evan"),
        paid("p1", "evan"),
        paid("p1", "erin", buyer_id="mallory"),
        paid("p2", "erin").model_copy(update={"lines": paid("p1", "erin").lines}),
        paid("p2", "erin").model_copy(update={"lines": paid("p2", "erin").lines * 2}),
    ],
    ids=["more credits", "another line", "another user", "another buyer", "a lot of another purchase", "a line twice"],
)
def test_a_purchase_that_contradicts_the_books_is_kept_for_a_person_and_never_applied(
    ledger: Ledger, database: Database, contradiction: object
) -> None:
    ledger.handle(paid("p1", "erin"))
    answers = ledger.handle(contradiction, paid("p3", "evan"))
    assert [credited.purchase_id for credited in answers.of(PurchaseCredited)] == [uuid_of("acme/p3")]
    assert ledger.lots("acme", "erin") == [("top_up", 3_000, 3_000)]
    assert ledger.rows("SELECT count(*) FROM purchase_conflicts") == [(1,)]
    assert bad_checks(database) == []


def test_a_purchase_id_of_another_workspace_is_another_purchase(ledger: Ledger) -> None:
    ledger.handle(workspace("zeta"), member("erin", workspace_id="zeta"))
    same_id = paid("p1", "erin", workspace_id="zeta").model_copy(update={"purchase_id": uuid_of("acme/p1")})
    answers = ledger.handle(paid("p1", "erin"), same_id)
    assert [credited.workspace_id for credited in answers.of(PurchaseCredited)] == ["acme", "zeta"]


@pytest.mark.rule("B8", "C4", "C5")
@pytest.mark.case(22)
def test_a_paid_grant_is_never_refused_at_most_paused(empty_ledger: Ledger) -> None:
    [credited] = empty_ledger.handle(paid("p1", "erin")).of(PurchaseCredited)
    assert [line.usable for line in credited.lines] == [False]
    assert empty_ledger.handle(workspace()).of(CreditsFreed) == []
    [freed] = empty_ledger.handle(member("erin")).of(CreditsFreed)
    assert freed.top_up_credits == 3_000
    assert empty_ledger.lots("acme", "erin") == [("top_up", 3_000, 3_000)]
