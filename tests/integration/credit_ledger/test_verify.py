"""`verify` finds every kind of tampering that a superuser could do, and names the first row."""

from __future__ import annotations

import json

import psycopg
import pytest

from services.credit_ledger import verify
from tests.integration.credit_ledger.ledger import (
    Ledger,
    bad_checks,
    capture,
    correction,
    grant,
    hold,
    member,
    paid,
    recall,
    reversal,
    usage,
    verdict,
)
from tests.stack.database import Database

# Each change is one that no constraint stops once triggers and foreign keys are switched off, as a superuser can.
TAMPERING = {
    "every_lot_holds_what_its_postings_say": "UPDATE lots SET remaining = remaining - 1 WHERE remaining > 0",
    "every_lot_was_filled_once_with_what_it_was_granted": "UPDATE lots SET granted = granted + 1 WHERE kind = 'quota'",
    "every_growth_of_a_quota_moved_what_it_says": "UPDATE quota_resizes SET grown = grown + 1 WHERE grown > 0",
    "every_quota_gives_what_its_account_says": "UPDATE accounts SET quota = quota + 1",
    "every_posting_is_of_a_lot_that_exists": "DELETE FROM lots WHERE kind = 'quota'",
    "every_transaction_is_balanced": (
        "ALTER TABLE postings DROP CONSTRAINT one_account_is_debited; "
        "UPDATE postings SET debit_lot_id = NULL WHERE credit_contra = 'burned'"
    ),
    "the_sum_of_all_entries_is_zero": (
        "CREATE OR REPLACE VIEW entries AS SELECT transaction_id, ordinal, 'debit' AS side, "
        "debit_contra AS account, debit_lot_id AS lot_id, -credits AS credits, decided_at FROM postings"
    ),
    "nothing_is_below_zero_or_above_what_was_granted": (
        "ALTER TABLE lots DROP CONSTRAINT never_below_zero_nor_above_what_was_granted; UPDATE lots SET remaining = -1"
    ),
    "every_top_up_lot_is_a_line_of_a_purchase": "UPDATE grants SET credits = credits + 1",
    "every_purchase_was_credited_with_all_its_lines": "DELETE FROM lots WHERE user_id = 'evan'",
    "every_burned_usage_has_postings_of_its_credits": "UPDATE usages SET credits = 1 WHERE outcome = 'burned'",
    "every_burning_belongs_to_one_usage_or_hold_and_its_workspace": "DELETE FROM usages WHERE outcome = 'burned'",
    "every_reversal_gave_back_what_its_usage_burned": "DELETE FROM usage_reversals",
    "every_hold_holds_what_its_postings_say": "UPDATE holds SET credits = credits + 1 WHERE state = 'held'",
    "every_hold_has_ended_as_its_state_says": "UPDATE holds SET state = 'released' WHERE state = 'captured'",
    "every_end_of_a_hold_moved_what_it_says": "UPDATE hold_ends SET burned = burned - 1 WHERE how = 'captured'",
    "everything_held_is_of_a_hold_and_its_account": "DELETE FROM holds WHERE state = 'held'",
    "every_account_holds_what_its_open_holds_say": "UPDATE accounts SET held = 0",
    "nothing_bought_ever_lapsed": (
        "UPDATE lots SET kind = 'top_up', purchase_id = lot_id, period_start = NULL, period_end = NULL "
        "WHERE kind = 'quota'; UPDATE postings SET credit_contra = 'lapsed' WHERE credit_contra = 'burned'"
    ),
    "every_account_owes_what_its_lots_say": "UPDATE accounts SET debt = debt + 1 WHERE debt > 0",
    "every_lot_is_taken_and_has_paid_and_owes_what_its_postings_say": "UPDATE lots SET owed = owed - 1 WHERE owed > 0",
    "every_lot_is_frozen_or_taken_as_its_recalls_say": "UPDATE lots SET frozen = false",
    "every_line_of_a_recall_has_its_latest_verdict": "UPDATE recall_lines SET step = step + 1 WHERE step > 0",
    "everything_taken_or_given_back_is_of_a_verdict_that_says_so": "UPDATE recall_steps SET debt = debt + 1",
    "every_deed_of_an_operator_moved_what_it_says_and_nothing_else_did": "UPDATE operator_deeds SET user_id = 'adam'",
    "no_operator_moved_more_in_a_day_than_is_counted": "UPDATE operator_days SET credits = 0",
    "every_account_has_counted_its_transactions": "UPDATE accounts SET version = 1",
}


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    ledger.handle(paid("p1", "erin", "evan"), usage("u1", 100), usage("u2", 99_999))
    ledger.handle(hold("h1", 50, "evan"), hold("h2", 70, "evan"), capture("h2", 60), hold("h3", 99_999))
    ledger.handle(usage("u3", 40, "evan"), reversal("u3"))
    ledger.handle(member("vera", "guest_editor", 2), usage("u4", 1, "vera"), member("vera", "editor", 3))
    ledger.renew("acme/vera")
    ledger.handle(paid("p2", "erin", "vera"), usage("u5", 12_000), recall("r1", "p2", "erin", "vera"))
    ledger.handle(verdict("r1", "p2", "erin", verdict="take_back"))
    ledger.handle(verdict("r1", "p2", "vera", verdict="give_back", step=2), recall("r2", "p2", "vera"))
    ledger.handle(grant("g1", 50), correction("c1", "withdraw", 70, "evan"), correction("c2", "forgive_debt", 5))
    return ledger


def test_there_is_a_tampering_for_every_check() -> None:
    assert set(TAMPERING) == set(verify.CHECKS)


@pytest.mark.rule("C14")
def test_untouched_books_pass_every_check(
    books: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert books.rows("SELECT count(*) FROM postings") == [(25,)]
    monkeypatch.setenv("REFILL_AUDITOR_DATABASE_URL", database.auditor_url)
    assert verify.main([]) == 0
    assert "BAD" not in capsys.readouterr().out


@pytest.mark.rule("C14")
@pytest.mark.parametrize("check", TAMPERING)
def test_tampering_is_found_and_the_first_row_named(
    books: Ledger,
    database: Database,
    check: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("SET search_path = credit_ledger; SET session_replication_role = replica")
        for statement in TAMPERING[check].split("; "):
            connection.execute(statement)
    assert check in bad_checks(database)
    monkeypatch.setenv("REFILL_AUDITOR_DATABASE_URL", database.auditor_url)
    assert verify.main(["--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert not report["ok"]
    [found] = [each for each in report["checks"] if each["check"] == check]
    assert found["bad_rows"] >= 1
    assert found["first"]


def test_what_became_of_one_lot_is_found_without_reading_all_postings(books: Ledger) -> None:
    [(lot_id,)] = books.rows("SELECT lot_id FROM lots WHERE kind = 'quota' AND user_id = 'erin'")
    books.rows("SELECT set_config('enable_seqscan', 'off', false)")  # on a table this small it would be the cheapest
    plan = books.rows("EXPLAIN SELECT account, credits FROM entries WHERE lot_id = %s", lot_id)
    assert "Seq Scan" not in str(plan)
    assert [
        credits for (credits,) in books.rows("SELECT credits FROM entries WHERE lot_id = %s ORDER BY 1", lot_id)
    ] == [
        -9_900,
        -100,
        10_000,
    ]


def test_without_an_address_verify_says_which_setting_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REFILL_AUDITOR_DATABASE_URL", raising=False)
    assert verify.main([]) == 78
    assert "REFILL_AUDITOR_DATABASE_URL" in capsys.readouterr().err
