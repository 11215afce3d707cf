"""Who is told what: the table, row by row."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from services.notification.domain.matters import (
    Frozen,
    GivenBack,
    PaidAndCredited,
    TakenBack,
    WorkspaceFreed,
    WorkspacePaused,
    crossing,
)
from services.notification.domain.members import Deciders
from services.notification.domain.notice import Occasion
from services.notification.handlers.tellings import TELLINGS, notices_about
from services.notification.rendering import DIGEST_WORDING, ENGLISH, TEMPLATES
from shared.contracts.credit_ledger import POOL
from shared.contracts.recalls import RecallCause
from tests.unit.notification import events, going_back
from tests.unit.notification.events import NOW, WORKSPACE, uuid

CAUSES: tuple[RecallCause, ...] = ("refund", "dispute", "processor_refund")
OCCASION = Occasion("/refill/billing", "event-1", WORKSPACE, NOW)
DECIDERS = Deciders({"olivia": "owner", "adam": "admin", "ada": "admin"})
FROZEN = Frozen(going_back.frozen(), "dispute")
TAKEN_BACK = TakenBack(going_back.taken_back(), "dispute")
GIVEN_BACK = GivenBack(going_back.given_back(), "dispute")
RECEIPT = PaidAndCredited(WORKSPACE, uuid(50), "adam", OCCASION, events.paid().wire())

# Event, who is told, as what, worded how, and whether a mail follows.
ROWS = {
    "N1 request made": (events.requested(), ["ada", "adam", "olivia"], "top_up_requested", "top_up_requested", True),
    "N2 request fulfilled": (events.fulfilled(), ["erin"], "request_resolved", "request_fulfilled", True),
    "N2 request declined": (events.request_declined(), ["erin"], "request_resolved", "request_declined", True),
    "N2 request expired": (events.expired(), ["erin"], "request_resolved", "request_expired", True),
    "N2 request cancelled": (events.cancelled(), ["erin"], "request_resolved", "request_cancelled", False),
    "N2 receipt": (RECEIPT, ["adam"], "purchase_receipt", "purchase_receipt", True),
    "N2 news": (events.credited(), ["erin", "emil"], "credits_received", "credits_received", True),
    "N2 declined": (events.purchase_declined(), ["adam"], "purchase_declined", "purchase_declined", True),
    "N2 authentication": (events.action_required(), ["adam"], "action_required", "action_required", True),
    "B14 stopped": (
        events.auto_top_up_stopped(),
        ["ada", "adam", "olivia"],
        "auto_top_up_stopped",
        "auto_top_up_stopped",
        True,
    ),
    "N2 paused": (events.paused("erin"), ["erin"], "credits_paused", "credits_paused", True),
    "N2 freed": (events.freed("erin"), ["erin"], "credits_freed", "credits_freed", True),
    "N2 low": (events.low(), ["erin"], "credits_low", "credits_low", True),
    "N2 exhausted": (events.exhausted(), ["erin"], "credits_exhausted", "credits_exhausted", True),
    "N2 paused, owner": (WorkspacePaused(WORKSPACE, "plan"), ["olivia"], "credits_paused", "workspace_paused", True),
    "N2 freed, owner": (WorkspaceFreed(WORKSPACE), ["olivia"], "credits_freed", "workspace_freed", True),
    "B11 refunded, buyer": (going_back.refunded(), ["adam"], "refund", "refund_to_buyer", True),
    "B11 refunded": (going_back.refunded(), ["ada", "olivia"], "refund", "purchase_refunded", True),
    "B11 refund failed": (going_back.refund_failed(), ["ada", "adam", "olivia"], "refund", "refund_failed", True),
    "B12 disputed, buyer": (going_back.disputed(), ["adam"], "dispute", "dispute_to_buyer", True),
    "B12 disputed": (going_back.disputed(), ["ada", "olivia"], "dispute", "purchase_disputed", True),
    "B12 closed, buyer": (going_back.dispute_closed(), ["adam"], "dispute", "dispute_closed_to_buyer", True),
    "B12 closed": (going_back.dispute_closed(), ["ada", "olivia"], "dispute", "dispute_closed", True),
    "B12 frozen": (FROZEN, ["erin", "emil"], "credits_recalled", "credits_frozen", True),
    "B11 taken back": (TAKEN_BACK, ["erin", "emil"], "credits_recalled", "credits_taken_back", True),
    "B12 given back": (GIVEN_BACK, ["erin", "emil"], "credits_recalled", "credits_given_back", True),
    "B15 granted": (going_back.granted(), ["erin"], "credits_received", "credits_gifted", True),
    "B15 corrected": (going_back.corrected(), ["erin"], "credits_corrected", "credits_corrected", True),
}


@pytest.mark.rule("N1", "N2", "A3", "A6", "B11", "B12", "B15")
@pytest.mark.parametrize("row", ROWS)
def test_each_event_is_told_to_whom_the_rules_name(row: str) -> None:
    event, people, kind, wording, by_email = ROWS[row]
    notices = [notice for notice in notices_about(event, OCCASION, DECIDERS) if notice.wording == wording]
    assert [notice.user_id for notice in notices] == people
    assert {(notice.kind, notice.wording, notice.by_email) for notice in notices} == {(kind, wording, by_email)}


def test_the_rows_above_are_the_whole_table() -> None:
    assert {(type(row[0]), row[3]) for row in ROWS.values()} == {(told.event, told.wording) for told in TELLINGS}


def test_every_wording_that_is_mailed_has_a_template() -> None:
    mailed = {f"{telling.wording}.jinja" for telling in TELLINGS if telling.by_email}
    assert {path.name for path in (TEMPLATES / ENGLISH).glob("*.jinja")} == mailed | {f"{DIGEST_WORDING}.jinja"}


@pytest.mark.rule("N1")
def test_an_asker_who_became_admin_meanwhile_is_not_told_of_the_own_request() -> None:
    deciders = Deciders({"olivia": "owner", "erin": "admin"})
    assert [notice.user_id for notice in notices_about(events.requested(), OCCASION, deciders)] == ["olivia"]


def test_nobody_is_told_of_the_pool_of_a_workspace() -> None:
    for event in (events.paused(POOL), events.low(POOL), events.exhausted(POOL)):
        assert notices_about(event, OCCASION, DECIDERS) == []


def test_an_editor_learns_the_own_credits_only() -> None:
    erin, emil = notices_about(events.credited(), OCCASION, DECIDERS)
    assert erin.facts["user_id"] == "erin"
    assert emil.facts["user_id"] == "emil"
    assert "lines" not in erin.facts


@pytest.mark.rule("N2")
def test_a_buyer_who_is_credited_too_gets_the_receipt_and_the_news() -> None:
    whole = events.credited(editors=("adam", "erin"))
    news = [notice.user_id for notice in notices_about(whole, OCCASION, DECIDERS)]
    receipt = [notice.user_id for notice in notices_about(RECEIPT, OCCASION, DECIDERS)]
    assert news == ["adam", "erin"]
    assert receipt == ["adam"]


@pytest.mark.rule("N2", "N4", "B11")
def test_a_buyer_who_decides_too_is_told_of_a_refund_once_and_as_the_buyer() -> None:
    told = [(notice.user_id, notice.wording) for notice in notices_about(going_back.refunded(), OCCASION, DECIDERS)]
    assert told == [("adam", "refund_to_buyer"), ("ada", "purchase_refunded"), ("olivia", "purchase_refunded")]


@pytest.mark.rule("B11", "B12")
def test_an_editor_learns_of_the_own_called_back_credits_only() -> None:
    erin, emil = notices_about(TAKEN_BACK, OCCASION, DECIDERS)
    assert (erin.facts["taken"], erin.facts["debt"], erin.facts["cause"]) == (11_880, 120, "dispute")
    assert (emil.facts["taken"], emil.facts["debt"]) == (12_000, 0)
    assert "lots" not in erin.facts


@pytest.mark.rule("B11", "B12")
def test_who_loses_and_gains_nothing_is_told_nothing() -> None:
    spent = tuple(lot.model_copy(update={"unspent": 0, "spent": lot.credits}) for lot in FROZEN.event.lots)
    kept = tuple(lot.model_copy(update={"taken": 0, "debt": 0}) for lot in TAKEN_BACK.event.lots)
    same = tuple(lot.model_copy(update={"given": 0, "debt_ended": 0}) for lot in GIVEN_BACK.event.lots)
    for unmoved in (
        Frozen(FROZEN.event.model_copy(update={"lots": spent}), None),
        TakenBack(TAKEN_BACK.event.model_copy(update={"lots": kept}), None),
        GivenBack(GIVEN_BACK.event.model_copy(update={"lots": same}), None),
    ):
        assert notices_about(unmoved, OCCASION, DECIDERS) == []


@pytest.mark.rule("B11", "B12")
def test_a_freeze_of_moments_is_no_news_and_so_is_its_end() -> None:
    assert [Frozen(going_back.frozen(), cause).is_news for cause in (*CAUSES, None)] == [False, True, True, True]
    first = [GivenBack(going_back.given_back(), cause).is_news for cause in (*CAUSES, None)]
    assert first == [False, True, True, True]
    assert GivenBack(going_back.given_back(step=2), "refund").is_news


@pytest.mark.rule("N4")
def test_a_notice_id_is_made_of_event_and_person() -> None:
    def ids(occasion: Occasion) -> Mapping[str, object]:
        return {notice.user_id: notice.notice_id for notice in notices_about(events.requested(), occasion, DECIDERS)}

    again, other_source = OCCASION, Occasion("/elsewhere", "event-1", WORKSPACE, NOW)
    assert ids(OCCASION) == ids(again)
    assert len(set(ids(OCCASION).values()) | set(ids(other_source).values())) == 6


@pytest.mark.rule("N2")
def test_pauses_of_many_accounts_by_one_cause_are_one_occasion_for_the_owner() -> None:
    first = crossing("paused", "correlation-1", OCCASION)
    second = crossing("paused", "correlation-1", Occasion("/refill/credit-ledger", "event-2", WORKSPACE, NOW))
    others = [
        crossing("freed", "correlation-1", OCCASION),
        crossing("paused", "correlation-2", OCCASION),
        crossing("paused", "correlation-1", Occasion("/refill/credit-ledger", "event-3", "other", NOW)),
    ]
    assert first.id == second.id
    assert len({first.id, *(other.id for other in others)}) == 4
