"""Holds on real tables: kept whole, captured, released, ended by their own clock; each id once for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, UsageRefused
from shared.contracts.holds import (
    CreditsHeld,
    HoldCaptured,
    HoldEnded,
    HoldExpired,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
)
from shared.contracts.reasons import Reason
from tests.integration.credit_ledger.ledger import (
    NOON,
    Answers,
    Ledger,
    bad_checks,
    capture,
    hold,
    member,
    paid,
    release,
    usage,
    workspace,
)
from tests.stack.database import Database

SECOND = timedelta(seconds=1)
PERIOD_END = datetime(2026, 4, 5, tzinfo=UTC)


def refusal(answers: Answers) -> tuple[str, Reason, int]:
    [refused] = answers.of(HoldRefused)
    return refused.command, refused.reason, refused.short_by


@pytest.mark.rule("C9", "C1")
def test_a_hold_takes_quota_first_keeps_it_from_others_and_a_capture_gives_back_the_rest(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(paid("p1", "erin"))
    answers = ledger.handle(hold("h1", 10_500))
    [placed], [held], [balance] = answers.of(HoldPlaced), answers.of(CreditsHeld), answers.of(BalanceChanged)
    assert (placed.credits, placed.expires_at) == (10_500, NOON + timedelta(seconds=900))
    assert [(lot.kind, lot.credits) for lot in held.lots] == [("quota", 10_000), ("top_up", 500)]
    assert (balance.usable, balance.held) == (2_500, 10_500)
    [refused] = ledger.handle(usage("u1", 2_501)).of(UsageRefused)
    assert (refused.available, refused.short_by) == (2_500, 1)
    answers = ledger.handle(capture("h1", 9_700))
    [captured], [ended], [balance] = answers.of(HoldCaptured), answers.of(HoldEnded), answers.of(BalanceChanged)
    assert (captured.credits, captured.returned, captured.lapsed) == (9_700, 800, 0)
    assert [(lot.kind, lot.credits) for lot in ended.burned] == [("quota", 9_700)]
    assert [(lot.kind, lot.credits) for lot in ended.returned] == [("quota", 300), ("top_up", 500)]
    assert (balance.usable, balance.held) == (3_300, 0)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 300), ("top_up", 3_000, 3_000)]
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_a_release_gives_everything_back_and_again_it_is_the_same_answer(ledger: Ledger, database: Database) -> None:
    ledger.handle(hold("h1", 120))
    first, second = ledger.handle(release("h1")), ledger.handle(release("h1"))
    assert first.of(HoldReleased) == second.of(HoldReleased)
    assert first.ids[0] == second.ids[0]
    assert first.of(HoldReleased)[0].returned == 120
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10_000)]
    assert second.of(BalanceChanged) == []
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_a_hold_and_its_capture_in_one_transaction_are_decided_in_their_order(
    ledger: Ledger, database: Database
) -> None:
    answers = ledger.handle(hold("h1", 120), capture("h1", 120), hold("h2", 50), release("h2"), capture("h2", 1))
    assert len(answers.of(HoldPlaced)) == 2
    assert answers.of(HoldCaptured)[0].returned == 0
    assert refusal(answers) == ("capture", Reason.HOLD_RELEASED, 0)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_880)]
    assert bad_checks(database) == []


@pytest.mark.rule("C10", "C9")
def test_a_hold_is_whole_or_refused_with_how_much_is_missing(ledger: Ledger) -> None:
    answers = ledger.handle(hold("h1", 10_001))
    [refused] = answers.of(HoldRefused)
    assert (refused.command, refused.reason) == ("hold", Reason.INSUFFICIENT_CREDITS)
    assert (refused.needed, refused.available, refused.short_by) == (10_001, 10_000, 1)
    assert refusal(ledger.handle(capture("h1", 5))) == ("capture", Reason.HOLD_REFUSED, 0)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10_000)]


@pytest.mark.rule("C11", "C9")
def test_a_hold_id_has_one_effect_for_ever_and_other_content_under_it_is_refused(ledger: Ledger) -> None:
    first = ledger.handle(hold("h1", 120))
    again = ledger.handle(hold("h1", 120))
    assert first.of(HoldPlaced) == again.of(HoldPlaced)
    assert first.ids[0] == again.ids[0]
    assert refusal(ledger.handle(hold("h1", 121))) == ("hold", Reason.HOLD_ID_REUSED, 0)
    too_much = ledger.handle(hold("h2", 99_999))
    ledger.handle(paid("p1", "erin", credits=100_000))
    assert ledger.handle(hold("h2", 99_999)).of(HoldRefused) == too_much.of(HoldRefused), "a refusal is final"
    ledger.handle(capture("h1", 97))
    assert ledger.handle(capture("h1", 97)).of(HoldCaptured)[0].returned == 23
    assert refusal(ledger.handle(capture("h1", 96))) == ("capture", Reason.HOLD_CAPTURED, 0)
    assert refusal(ledger.handle(release("h1"))) == ("release", Reason.HOLD_CAPTURED, 0)
    assert ledger.lots("acme", "erin")[0] == ("quota", 10_000, 9_903)


@pytest.mark.rule("C9")
def test_another_source_has_its_own_holds(ledger: Ledger) -> None:
    ledger.handle(hold("h1", 120))
    ledger.may_wait = False
    assert refusal(ledger.handle(capture("h1", 97), source="/products/other"))[1] is Reason.UNKNOWN_HOLD
    ledger.handle(hold("h1", 30), source="/products/other")
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_850)]


@pytest.mark.rule("C9")
def test_a_capture_that_comes_before_its_hold_waits_and_is_refused_when_none_comes(ledger: Ledger) -> None:
    [parked] = ledger.handle(capture("h1", 97)).parked
    assert parked.waiting_for == "hold h1"
    ledger.handle(hold("h1", 120))
    assert ledger.handle(capture("h1", 97)).of(HoldCaptured)[0].credits == 97
    ledger.may_wait = False
    assert refusal(ledger.handle(release("h7"))) == ("release", Reason.UNKNOWN_HOLD, 0)
    assert refusal(ledger.handle(capture("h8", 1))) == ("capture", Reason.UNKNOWN_HOLD, 0)


@pytest.mark.rule("C9")
def test_no_more_is_captured_than_is_held_and_the_hold_stands(ledger: Ledger) -> None:
    ledger.handle(hold("h1", 120))
    [refused] = ledger.handle(capture("h1", 121)).of(HoldRefused)
    assert (refused.reason, refused.needed, refused.available) == (Reason.CAPTURE_EXCEEDS_HOLD, 121, 120)
    assert ledger.handle(capture("h1", 120)).of(HoldCaptured)[0].returned == 0


@pytest.mark.rule("C17", "C9")
def test_an_action_is_priced_when_it_is_held_and_captured_at_that_price(ledger: Ledger) -> None:
    [placed] = ledger.handle(hold("h1", action="chat", quantity=5_000)).of(HoldPlaced)
    assert (placed.credits, placed.catalog_version) == (100, 1)
    [captured] = ledger.handle(capture("h1", quantity=4_001)).of(HoldCaptured)
    assert (captured.credits, captured.returned) == (82, 18)
    ledger.handle(hold("h2", 50))
    assert refusal(ledger.handle(capture("h2", quantity=1)))[1] is Reason.UNKNOWN_ACTION
    assert refusal(ledger.handle(hold("h3", action="paint", quantity=1)))[1] is Reason.UNKNOWN_ACTION


@pytest.mark.rule("C9", "C4", "C5")
def test_what_was_held_before_a_downgrade_or_another_role_may_still_be_captured(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(paid("p1", "erin"), hold("h1", 12_000), hold("h2", 100, "evan"))
    ledger.handle(workspace(plan="free", version=2), member("evan", "viewer", 2))
    assert ledger.handle(capture("h1", 11_000)).of(HoldCaptured)[0].returned == 1_000
    assert ledger.handle(capture("h2", 100)).of(HoldCaptured)[0].credits == 100
    assert refusal(ledger.handle(hold("h3", 1, "evan")))[1] is Reason.CANNOT_EDIT
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_on_free_the_pool_is_held_and_gets_the_rest_back(ledger: Ledger, database: Database) -> None:
    ledger.handle(workspace("tiny", plan="free"), member(workspace_id="tiny"))
    [held] = ledger.handle(hold("h1", 250, workspace_id="tiny")).of(CreditsHeld)
    assert held.user_id == "~pool"
    ledger.handle(capture("h1", 200, workspace_id="tiny"))
    assert ledger.lots("tiny", "~pool") == [("quota", 300, 100)]
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_a_hold_is_over_at_its_expiry_for_every_decision_though_no_timer_rang(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(hold("h1", 9_000, expires_in_s=60))
    ledger.at = NOON + timedelta(seconds=59)
    assert len(ledger.handle(usage("u1", 1_001)).of(UsageRefused)) == 1
    ledger.at = NOON + timedelta(seconds=60)
    answers = ledger.handle(usage("u2", 1_001))
    [expired] = answers.of(HoldExpired)
    assert (expired.hold_id, expired.returned) == ("h1", 9_000)
    assert answers.of(BalanceChanged)[0].held == 0
    assert refusal(ledger.handle(capture("h1", 1))) == ("capture", Reason.HOLD_EXPIRED, 0)
    assert refusal(ledger.handle(release("h1"))) == ("release", Reason.HOLD_EXPIRED, 0)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 8_999)]
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_the_timer_gives_back_what_nobody_captured_and_says_so_once(ledger: Ledger, database: Database) -> None:
    ledger.handle(hold("h1", 9_000, expires_in_s=60), hold("h2", 10, expires_in_s=600))
    assert ledger.rows("SELECT count(*) FROM timers WHERE kind = 'hold-expiry'") == [(2,)]
    ledger.at = NOON + timedelta(seconds=60)
    answers = ledger.expire("acme/h1")
    assert [each.hold_id for each in answers.of(HoldExpired)] == ["h1"]
    assert answers.of(BalanceChanged)[0].held == 10
    assert ledger.expire("acme/h1").effects == []
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_a_capture_in_time_that_is_handled_after_the_timer_rang_is_still_good(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(paid("p1", "erin"), hold("h1", 12_000, expires_in_s=60))
    ledger.at = NOON + timedelta(seconds=61)
    ledger.expire("acme/h1")
    ledger.at = NOON + timedelta(seconds=59)
    assert len(ledger.handle(usage("u1", 1_001)).of(UsageRefused)) == 1, "it was not there when this was appended"
    answers = ledger.handle(capture("h1", 11_000))
    assert answers.of(HoldCaptured)[0].credits == 11_000
    [ended] = answers.of(HoldEnded)
    assert (ended.late, [lot.credits for lot in ended.burned]) == (True, [10_000, 1_000])
    assert ledger.handle(capture("h1", 11_000)).of(HoldCaptured) == answers.of(HoldCaptured)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("top_up", 3_000, 2_000)]
    assert bad_checks(database) == []


@pytest.mark.rule("C9")
def test_a_release_in_time_that_is_handled_after_the_timer_rang_ends_it_as_released(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(paid("p1", "erin"), hold("h1", 12_000, expires_in_s=60))
    ledger.at = NOON + timedelta(seconds=61)
    ledger.expire("acme/h1")
    ledger.at = NOON + timedelta(seconds=30)
    released = ledger.handle(release("h1"))
    assert (released.of(HoldReleased)[0].returned, released.of(HoldEnded)[0].late) == (0, True), "told with the expiry"
    assert ledger.handle(release("h1")).of(HoldReleased) == released.of(HoldReleased)
    assert ledger.handle(usage("u1", 13_000)).of(UsageRefused) == [], "there from the release on"
    ledger.at = NOON + timedelta(seconds=59)
    assert refusal(ledger.handle(capture("h1", 11_000)))[1] is Reason.HOLD_RELEASED
    assert bad_checks(database) == []


@pytest.mark.rule("C9", "C13")
def test_a_capture_in_time_is_refused_when_something_later_has_used_the_credits_first(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(hold("h1", 9_000, expires_in_s=60))
    ledger.at = NOON + timedelta(seconds=61)
    ledger.handle(usage("u1", 5_000))
    ledger.at = NOON + timedelta(seconds=59)
    assert refusal(ledger.handle(capture("h1", 9_000)))[1] is Reason.HOLD_EXPIRED
    assert bad_checks(database) == []


@pytest.mark.rule("C12", "C9")
def test_what_goes_back_to_a_quota_that_has_lapsed_lapses_and_what_was_bought_returns(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(paid("p1", "erin"))
    ledger.at = PERIOD_END - SECOND
    ledger.handle(hold("h1", 10_500, expires_in_s=86_400), hold("h2", 100, expires_in_s=86_400))
    ledger.at = PERIOD_END + timedelta(hours=2)
    ledger.renew("acme/erin")
    [captured] = ledger.handle(capture("h1", 4_000)).of(HoldCaptured)
    assert (captured.credits, captured.returned, captured.lapsed) == (4_000, 500, 6_000)
    [released] = ledger.handle(release("h2")).of(HoldReleased)
    assert (released.returned, released.lapsed) == (100, 0)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 10_000), ("top_up", 3_000, 3_000)]
    assert bad_checks(database) == []


@pytest.mark.rule("C12", "C16", "C9")
def test_within_the_hour_what_goes_back_waits_for_late_usage_and_lapses_with_the_rest(
    ledger: Ledger, database: Database
) -> None:
    ledger.at = PERIOD_END - SECOND
    ledger.handle(hold("h1", 10_000, expires_in_s=86_400))
    ledger.at = PERIOD_END + timedelta(minutes=30)
    ledger.renew("acme/erin")
    assert ledger.handle(release("h1")).of(HoldReleased)[0].returned == 10_000
    ledger.handle(usage("u1", 9_999, occurred_at=PERIOD_END - SECOND))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 1), ("quota", 10_000, 10_000)]
    ledger.at = PERIOD_END + timedelta(hours=2)
    ledger.renew("acme/erin")
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 10_000)]
    assert bad_checks(database) == []


@pytest.mark.rule("C12", "C9")
def test_a_capture_in_time_is_good_also_when_its_quota_lapsed_with_the_expiry(
    ledger: Ledger, database: Database
) -> None:
    ledger.at = PERIOD_END - SECOND
    ledger.handle(hold("h1", 10_000, expires_in_s=10_000))
    ledger.at = PERIOD_END + timedelta(seconds=10_000)
    [expired] = ledger.expire("acme/h1").of(HoldExpired)
    assert (expired.returned, expired.lapsed) == (0, 10_000)
    ledger.at = PERIOD_END + timedelta(seconds=9_000)
    assert ledger.handle(capture("h1", 7_000)).of(HoldCaptured)[0].credits == 7_000
    assert ledger.rows("SELECT sum(credits) FROM entries WHERE account = 'lapsed'") == [(3_000,)]
    assert bad_checks(database) == []
