"""Refunds, disputes, recalls and what operators did, on real tables: who is told, once, and when."""

from __future__ import annotations

import pytest

from services.notification.domain.notice import Told
from shared.contracts.message import Message
from tests.integration.notification.stand import Stand, event
from tests.unit.notification import events, going_back
from tests.unit.notification.events import ROLES


def everybody_told(stand: Stand) -> dict[str, list[str]]:
    return {user_id: stand.wordings(user_id) for user_id in ROLES if stand.wordings(user_id)}


def only_notice(stand: Stand, user_id: str) -> Told:
    (told,) = stand.told(user_id)
    return told


@pytest.mark.rule("N2", "N3", "B11", "B12")
@pytest.mark.parametrize(
    ("message", "buyers", "others"),
    [
        (going_back.refunded(), "refund_to_buyer", "purchase_refunded"),
        (going_back.disputed(), "dispute_to_buyer", "purchase_disputed"),
        (going_back.dispute_closed(), "dispute_closed_to_buyer", "dispute_closed"),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_refunds_and_disputes_are_told_to_buyer_owner_and_admins_and_to_nobody_else(
    stand: Stand, message: Message, buyers: str, others: str
) -> None:
    stand.receive(*events.directory(), message, message)
    assert everybody_told(stand) == {"adam": [buyers], "olivia": [others]}
    assert len(stand.emails("adam")) == len(stand.emails("olivia")) == 1


@pytest.mark.rule("N2", "N3", "B11")
def test_a_buyer_who_is_no_admin_any_more_is_told_of_the_refund_all_the_same(stand: Stand) -> None:
    stand.receive(*events.directory(), events.member("adam", "editor", version=2), going_back.refunded())
    assert everybody_told(stand) == {"adam": ["refund_to_buyer"], "olivia": ["purchase_refunded"]}


@pytest.mark.rule("N3", "B11")
def test_a_refund_in_an_unknown_workspace_waits_for_whom_to_tell(stand: Stand) -> None:
    stand.receive(going_back.refunded())
    assert [park.waiting_for for park in stand.parked] == ["owner or admin of workspace acme"]
    stand.receive(event(going_back.refunded(), may_wait=False))
    assert everybody_told(stand) == {"adam": ["refund_to_buyer"]}


@pytest.mark.rule("B11")
def test_of_a_refund_editors_learn_that_credits_are_gone_and_not_of_the_freeze_before(stand: Stand) -> None:
    stand.receive(*events.directory(), going_back.recall_opened("refund"), going_back.frozen())
    assert everybody_told(stand) == {}
    stand.receive(going_back.taken_back())
    assert everybody_told(stand) == {"erin": ["credits_taken_back"], "emil": ["credits_taken_back"]}
    facts = only_notice(stand, "erin").facts
    assert (facts["taken"], facts["debt"], facts["cause"]) == (11_880, 120, "refund")


@pytest.mark.rule("B11")
def test_a_refund_that_failed_was_nothing_to_its_editors(stand: Stand) -> None:
    stand.receive(*events.directory(), going_back.recall_opened("refund"), going_back.frozen(), going_back.given_back())
    assert everybody_told(stand) == {}


@pytest.mark.rule("B12")
def test_of_a_dispute_editors_learn_of_each_turn_once(stand: Stand) -> None:
    stand.receive(*events.directory(), going_back.recall_opened("dispute"), going_back.recall_opened("dispute"))
    turns = (going_back.frozen(), going_back.taken_back(), going_back.given_back(step=2))
    stand.receive(*turns, *turns)
    assert sorted(stand.wordings("erin")) == ["credits_frozen", "credits_given_back", "credits_taken_back"]
    assert len(stand.emails("emil")) == 3


@pytest.mark.rule("B12")
def test_what_was_called_back_waits_for_the_reason_and_is_told_without_it_in_the_end(stand: Stand) -> None:
    stand.receive(*events.directory(), going_back.taken_back())
    assert len(stand.parked) == 1
    assert everybody_told(stand) == {}
    stand.receive(event(going_back.taken_back(), may_wait=False))
    assert "cause" not in only_notice(stand, "erin").facts


@pytest.mark.rule("B15", "N2")
def test_gifts_and_corrections_are_told_to_the_accounts_user_and_quotas_to_nobody(stand: Stand) -> None:
    stand.receive(*events.directory(), going_back.granted(grant=None), going_back.granted(grant=None, user_id="~pool"))
    assert everybody_told(stand) == {}
    stand.receive(going_back.granted(), going_back.granted(), going_back.corrected(), going_back.corrected())
    assert everybody_told(stand) == {"erin": ["credits_gifted", "credits_corrected"]}


@pytest.mark.rule("B11", "N2")
@pytest.mark.parametrize("paid_first", [True, False])
def test_the_receipt_names_what_settled_a_debt_whichever_half_came_first(stand: Stand, paid_first: bool) -> None:
    credited = events.credited()
    lines = (credited.lines[0].model_copy(update={"debt_settled": 120}), credited.lines[1])
    halves = [events.paid(), credited.model_copy(update={"lines": lines})]
    stand.receive(*events.directory(), *(halves if paid_first else reversed(halves)))
    erin, emil = only_notice(stand, "adam").facts["lines"]
    assert erin["debt_settled"] == 120
    assert "debt_settled" not in emil
