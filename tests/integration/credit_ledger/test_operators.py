"""Operators grant and correct on real tables: with a reason, within a limit, on the record (B15)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsGranted
from shared.contracts.operator_commands import CreditsCorrected, LedgerCommandRefused
from shared.contracts.reasons import Reason
from tests.integration.credit_ledger.ledger import (
    NOON,
    Answers,
    Ledger,
    bad_checks,
    correction,
    grant,
    member,
    paid,
    recall,
    usage,
    verdict,
)
from tests.stack.database import Database


def refusal(answers: Answers) -> Reason:
    [refused] = answers.of(LedgerCommandRefused)
    return refused.reason


@pytest.mark.rule("B15")
def test_what_an_operator_grants_is_used_like_what_was_bought_and_is_on_the_record(
    ledger: Ledger, database: Database
) -> None:
    answers = ledger.handle(grant("g1", 500))
    [granted], [balance] = answers.of(CreditsGranted), answers.of(BalanceChanged)
    assert (granted.credits, granted.kind, granted.grant_id) == (500, "top_up", grant("g1", 500).grant_id)
    assert (granted.purchase_id, balance.top_up_remaining) == (None, 500)
    assert ledger.rows(
        "SELECT operator_id, reason, credits, event_id LIKE 'event-%%', refusal FROM operator_deeds"
    ) == [("olga", "an outage", 500, True, None)]
    ledger.handle(usage("u1", 10_300))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("top_up", 500, 200)]
    assert bad_checks(database) == []


@pytest.mark.rule("B15", "C11")
def test_a_command_id_has_one_effect_for_ever(ledger: Ledger, database: Database) -> None:
    first = ledger.handle(grant("g1", 500), correction("c1", "withdraw", 200))
    again = ledger.handle(grant("g1", 500), grant("g1", 500), correction("c1", "withdraw", 200))
    assert set(again.ids) <= set(first.ids)
    assert again.of(CreditsGranted) == first.of(CreditsGranted) * 2
    assert refusal(ledger.handle(grant("g1", 501))) is Reason.GRANT_ID_REUSED
    assert refusal(ledger.handle(correction("c1", "withdraw", 201))) is Reason.CORRECTION_ID_REUSED
    assert ledger.lots("acme", "erin") == [("top_up", 500, 300)]
    assert bad_checks(database) == []


@pytest.mark.rule("B15", "C13")
def test_credits_are_withdrawn_newest_first_whole_or_not_at_all(ledger: Ledger, database: Database) -> None:
    ledger.handle(paid("p1", "erin"))
    ledger.at = NOON + timedelta(minutes=1)
    ledger.handle(paid("p2", "erin", credits=100))
    [corrected] = ledger.handle(correction("c1", "withdraw", 150)).of(CreditsCorrected)
    assert (corrected.deed, corrected.credits, corrected.operator_id) == ("withdraw", 150, "olga")
    assert [left for *_, left in ledger.lots("acme", "erin")] == [2_950, 0]
    assert refusal(ledger.handle(correction("c2", "withdraw", 2_951))) is Reason.NOTHING_TO_CORRECT
    assert refusal(ledger.handle(correction("c3", "forgive_debt", 1))) is Reason.NOTHING_TO_CORRECT
    assert [left for *_, left in ledger.lots("acme", "erin")] == [2_950, 0]
    assert bad_checks(database) == []


@pytest.mark.rule("B15", "B11")
def test_debt_is_forgiven_and_settled_by_grants_and_what_is_given_back_makes_no_credits(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(usage("quota", 10_000), paid("p1", "erin"), usage("u1", 1_000), recall("r1", "p1", "erin"))
    ledger.handle(verdict("r1", "p1", "erin", verdict="take_back"))
    [granted] = ledger.handle(grant("g1", 300)).of(CreditsGranted)
    assert granted.debt_settled == 300
    answers = ledger.handle(correction("c1", "forgive_debt", 400))
    assert answers.of(BalanceChanged)[-1].debt == 300
    assert bad_checks(database) == []
    answers = ledger.handle(verdict("r1", "p1", "erin", verdict="give_back", step=2))
    assert [left for *_, left in ledger.lots("acme", "erin")] == [0, 2_000, 300]
    assert answers.of(BalanceChanged)[-1].debt == 0
    assert bad_checks(database) == []


@pytest.mark.rule("B15")
def test_an_operator_moves_no_more_than_the_limits_of_a_command_and_of_a_day(
    ledger: Ledger, database: Database
) -> None:
    assert refusal(ledger.handle(grant("large", 100_001))) is Reason.OPERATOR_LIMIT_REACHED
    granted = ledger.handle(*(grant(f"g{number}", 100_000) for number in range(6)))
    assert len(granted.of(CreditsGranted)) == 5
    assert refusal(granted) is Reason.OPERATOR_LIMIT_REACHED
    assert ledger.handle(grant("other", 1, operator_id="otto")).of(LedgerCommandRefused) == []
    ledger.at = NOON + timedelta(days=1)
    assert refusal(ledger.handle(grant("g5", 100_000))) is Reason.OPERATOR_LIMIT_REACHED  # for ever
    assert ledger.handle(grant("tomorrow", 100_000)).of(LedgerCommandRefused) == []
    assert bad_checks(database) == []


@pytest.mark.rule("B15")
def test_a_command_about_somebody_unknown_waits_and_is_then_refused(ledger: Ledger) -> None:
    wanted = grant("g1", 5, user_id="nora")
    assert [each.waiting_for for each in ledger.handle(wanted).parked] == ["member acme/nora"]
    ledger.may_wait = False
    assert refusal(ledger.handle(wanted)) is Reason.UNKNOWN_MEMBER
    ledger.handle(member("nora"))
    assert refusal(ledger.handle(wanted)) is Reason.UNKNOWN_MEMBER
    assert refusal(ledger.handle(grant("g2", 5, workspace_id="zeta"))) is Reason.UNKNOWN_WORKSPACE
