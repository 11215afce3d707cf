"""Every refusal of buying and asking has its reason, and they stand in one order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.billing.domain.request import RequestState
from services.billing.domain.rules import (
    ASK_RULES,
    CANCEL_RULES,
    DECLINE_RULES,
    PURCHASE_RULES,
    QUOTE_RULES,
    RETRY_RULES,
    Facts,
)
from services.billing.domain.verdict import Refusal, Rule, Wait, first_objection
from shared.contracts.reasons import REMEDIES, Reason
from tests.unit.billing.builders import CATALOG, NOW, REVIEWED, facts, members, request, workspace

Rules = tuple[Rule[Facts], ...]


def reason(rules: Rules, **changes: Any) -> Reason | None:
    objection = first_objection(rules, facts(**changes))
    assert objection is None or isinstance(objection, Refusal)
    return objection.reason if objection else None


def waits(rules: Rules, **changes: Any) -> tuple[str, Reason] | None:
    objection = first_objection(rules, facts(**changes))
    return (objection.waiting_for, objection.otherwise.reason) if isinstance(objection, Wait) else None


def test_a_purchase_as_reviewed_by_an_admin_has_nothing_against_it() -> None:
    assert reason(PURCHASE_RULES) is None
    assert reason(QUOTE_RULES, reviewed=None) is None


@pytest.mark.rule("B1")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"plan": "free"}, Reason.PLAN_NOT_ELIGIBLE),
        ({"plan": "pro"}, None),
        ({"plan": "business"}, None),
        ({"status": "past_due"}, Reason.WORKSPACE_NOT_ACTIVE),
        ({"status": "canceled"}, Reason.WORKSPACE_NOT_ACTIVE),
    ],
)
@pytest.mark.parametrize("rules", [PURCHASE_RULES, QUOTE_RULES])
def test_only_a_paying_active_workspace_buys(changes: Any, expected: Reason | None, rules: Rules) -> None:
    assert reason(rules, workspace=workspace(**changes)) is expected


@pytest.mark.rule("B2")
@pytest.mark.case(10)
@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ("olivia", None),
        ("adam", None),
        ("erin", Reason.NOT_ALLOWED_TO_BUY),
        ("gina", Reason.NOT_ALLOWED_TO_BUY),
        ("victor", Reason.NOT_ALLOWED_TO_BUY),
    ],
)
@pytest.mark.parametrize("rules", [PURCHASE_RULES, QUOTE_RULES, RETRY_RULES])
def test_only_owner_and_admins_buy(actor: str, expected: Reason | None, rules: Rules) -> None:
    assert reason(rules, actor_id=actor) is expected


@pytest.mark.rule("B2")
@pytest.mark.parametrize("rules", [PURCHASE_RULES, QUOTE_RULES, ASK_RULES, CANCEL_RULES, DECLINE_RULES, RETRY_RULES])
def test_unknown_workspace_and_member_are_waited_for_and_then_refused(rules: Rules) -> None:
    assert waits(rules, workspace=None) == ("workspace acme", Reason.UNKNOWN_WORKSPACE)
    assert waits(rules, actor_id="nobody") == ("member acme/nobody", Reason.UNKNOWN_MEMBER)


@pytest.mark.rule("B2")
@pytest.mark.case(10)
def test_who_left_and_what_is_gone_is_not_waited_for() -> None:
    assert reason(PURCHASE_RULES, members=members(adam=True)) is Reason.UNKNOWN_MEMBER
    assert reason(PURCHASE_RULES, workspace=workspace(removed=True)) is Reason.UNKNOWN_WORKSPACE


@pytest.mark.rule("B3")
@pytest.mark.parametrize("rules", [PURCHASE_RULES, QUOTE_RULES])
def test_each_editor_is_a_member_who_can_edit_and_is_named_once(rules: Rules) -> None:
    assert reason(rules, user_ids=("erin", "victor")) is Reason.EDITOR_NOT_ELIGIBLE
    assert reason(rules, members=members(gina=True)) is Reason.EDITOR_NOT_ELIGIBLE
    assert reason(rules, user_ids=("erin", "gina", "erin")) is Reason.DUPLICATE_EDITOR
    assert waits(rules, user_ids=("erin", "new")) == ("member acme/new", Reason.EDITOR_NOT_ELIGIBLE)


@pytest.mark.rule("B3")
def test_owner_and_admins_can_be_bought_for() -> None:
    assert reason(QUOTE_RULES, user_ids=("olivia", "adam")) is None


@pytest.mark.rule("B4")
@pytest.mark.parametrize("rules", [PURCHASE_RULES, QUOTE_RULES])
def test_unknown_and_retired_packages_are_refused(rules: Rules) -> None:
    assert reason(rules, package_id="credits-1") is Reason.UNKNOWN_PACKAGE
    assert reason(rules, package_id="credits-old") is Reason.PACKAGE_RETIRED


@pytest.mark.rule("B5")
@pytest.mark.parametrize(
    "changes",
    [
        {"unit_price_minor": 1_400},
        {"total_minor": 2_999},
        {"currency": "eur"},
        {"user_ids": ("gina", "erin")},
        {"package_id": "credits-100k"},
    ],
)
def test_any_difference_from_what_was_reviewed_is_a_changed_price(changes: Any) -> None:
    assert reason(PURCHASE_RULES, reviewed=replace(REVIEWED, **changes)) is Reason.PRICE_CHANGED


@pytest.mark.rule("B5")
def test_a_review_by_an_older_catalog_is_a_changed_price_and_by_an_unseen_one_is_waited_for() -> None:
    newer = replace(CATALOG, version=2)
    assert reason(PURCHASE_RULES, catalog=newer, known_versions=frozenset({1, 2})) is Reason.PRICE_CHANGED
    assert waits(PURCHASE_RULES, reviewed=replace(REVIEWED, catalog_version=3)) == (
        "catalog version 3",
        Reason.PRICE_CHANGED,
    )


@pytest.mark.rule("B5")
def test_without_a_catalog_nothing_is_sold() -> None:
    assert waits(QUOTE_RULES, catalog=None, reviewed=None) == ("a catalog", Reason.NO_CATALOG)


@pytest.mark.rule("B6")
def test_more_than_the_processor_charges_at_once_is_refused() -> None:
    assert reason(QUOTE_RULES, package_id="credits-gold", reviewed=None) is Reason.AMOUNT_TOO_LARGE


@pytest.mark.rule("B6")
@pytest.mark.parametrize("package_id", ["credits-nowhere", "credits-gift"])
def test_a_currency_that_does_not_exist_and_a_price_of_zero_cannot_be_charged(package_id: str) -> None:
    assert reason(QUOTE_RULES, package_id=package_id, reviewed=None) is Reason.AMOUNT_NOT_CHARGEABLE


@pytest.mark.rule("B6")
@pytest.mark.parametrize("changes", [{"payment_method_id": None}, {"customer_id": None}])
@pytest.mark.parametrize("rules", [PURCHASE_RULES, QUOTE_RULES])
def test_without_a_saved_payment_method_nothing_is_bought(changes: Any, rules: Rules) -> None:
    assert reason(rules, workspace=workspace(**changes)) is Reason.NO_PAYMENT_METHOD


@pytest.mark.rule("A1")
@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ("erin", None),
        ("gina", None),
        ("olivia", Reason.CAN_BUY_DIRECTLY),
        ("adam", Reason.CAN_BUY_DIRECTLY),
        ("victor", Reason.CANNOT_EDIT),
    ],
)
def test_only_who_can_edit_and_may_not_buy_asks(actor: str, expected: Reason | None) -> None:
    assert reason(ASK_RULES, actor_id=actor, user_ids=(), reviewed=None) is expected


@pytest.mark.rule("A2")
def test_asking_needs_a_paying_workspace_and_a_package_for_sale() -> None:
    asking: dict[str, Any] = {"actor_id": "erin", "user_ids": (), "reviewed": None}
    assert reason(ASK_RULES, **asking, workspace=workspace(plan="free")) is Reason.PLAN_NOT_ELIGIBLE
    assert reason(ASK_RULES, **asking, package_id="credits-1") is Reason.UNKNOWN_PACKAGE
    assert reason(ASK_RULES, **asking, workspace=workspace(payment_method_id=None)) is None


@pytest.mark.rule("A5")
def test_at_most_one_request_of_an_asker_is_open() -> None:
    changes: dict[str, Any] = {"actor_id": "erin", "user_ids": (), "reviewed": None, "own_open_request": request()}
    assert reason(ASK_RULES, **changes) is Reason.REQUEST_ALREADY_OPEN


@pytest.mark.rule("A4")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"state": RequestState.CLAIMED, "buyer_id": "olivia"}, Reason.ALREADY_BEING_BOUGHT),
        ({"state": RequestState.FULFILLED}, Reason.REQUEST_NOT_OPEN),
        ({"state": RequestState.DECLINED}, Reason.REQUEST_NOT_OPEN),
        ({"state": RequestState.CANCELLED}, Reason.REQUEST_NOT_OPEN),
        ({"state": RequestState.EXPIRED}, None),  # the command was appended before its time was up
        ({"state": RequestState.EXPIRED, "expires_at": NOW}, Reason.REQUEST_NOT_OPEN),
        ({"expires_at": NOW}, Reason.REQUEST_NOT_OPEN),
        ({"asker_id": "emil"}, Reason.REQUEST_MISMATCH),
        ({"package_id": "credits-100k"}, Reason.REQUEST_MISMATCH),
    ],
)
def test_a_purchase_for_a_request_fits_it_and_finds_it_open(changes: Any, expected: Reason | None) -> None:
    standing = request(**changes)
    assert reason(PURCHASE_RULES, request_id=standing.request_id, request=standing) is expected


@pytest.mark.rule("A4")
def test_who_comes_second_is_told_by_whom_it_is_bought() -> None:
    claimed = request(state=RequestState.CLAIMED, buyer_id="olivia")
    objection = first_objection(PURCHASE_RULES, facts(request_id=claimed.request_id, request=claimed))
    assert isinstance(objection, Refusal)
    assert "olivia" in objection.detail


@pytest.mark.rule("A4")
@pytest.mark.parametrize(
    ("rules", "actor", "expected"),
    [
        (CANCEL_RULES, "erin", None),
        (CANCEL_RULES, "adam", Reason.NOT_THE_ASKER),
        (DECLINE_RULES, "adam", None),
        (DECLINE_RULES, "erin", Reason.NOT_ALLOWED_TO_DECIDE),
    ],
)
def test_the_asker_cancels_and_owner_or_admin_declines(rules: Rules, actor: str, expected: Reason | None) -> None:
    assert reason(rules, actor_id=actor, request_id="r", request=request()) is expected
    assert reason(rules, actor_id=actor, request_id="r", request=None) in (
        Reason.UNKNOWN_REQUEST,
        Reason.NOT_ALLOWED_TO_DECIDE,
    )


def test_who_may_not_buy_learns_nothing_about_the_workspace() -> None:
    changes: dict[str, Any] = {
        "actor_id": "victor",
        "workspace": workspace(plan="free", status="canceled", payment_method_id=None),
        "user_ids": ("erin", "erin"),
        "package_id": "nothing",
    }
    assert reason(PURCHASE_RULES, **changes) is Reason.NOT_ALLOWED_TO_BUY


def test_a_request_at_its_last_moment_is_open() -> None:
    at = NOW + timedelta(days=13) - timedelta(microseconds=1)
    assert reason(CANCEL_RULES, actor_id="erin", request_id="r", request=request(), at=at) is None


def test_a_refusal_says_how_to_mend_it_within_the_bound_of_the_wire() -> None:
    objection = first_objection(QUOTE_RULES, facts(user_ids=("e" * 128,) * 50, reviewed=None))
    assert isinstance(objection, Refusal)
    assert REMEDIES[Reason.DUPLICATE_EDITOR] in objection.detail
    assert len(objection.detail) <= 500
