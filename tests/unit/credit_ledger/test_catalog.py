"""Which version answers, and how an action is priced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.credit_ledger.domain.catalog import ActionPrice, Catalogs, CatalogVersion, Price
from services.credit_ledger.domain.eligibility import Seat
from services.credit_ledger.domain.usage import Refusal, detail
from shared.contracts.reasons import Reason

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
QUOTAS: dict[Seat, int] = {"free": 300, "pro_editor": 3_000}


def version(number: int, day: int) -> CatalogVersion:
    return CatalogVersion(number, START + day * DAY, 600, QUOTAS, {"chat": ActionPrice(number, 100)})


@pytest.mark.rule("C17")
@pytest.mark.parametrize(("day", "expected"), [(-9, 1), (0, 1), (4, 1), (5, 3), (8, 3), (9, 3), (10, 5), (11, 5)])
def test_the_highest_version_that_has_begun_answers_and_before_the_first_the_first(day: int, expected: int) -> None:
    catalogs = Catalogs([version(2, 9), version(1, 0), version(3, 5), version(5, 10), version(4, 10)])
    assert catalogs.in_force(START + day * DAY).version == expected


@pytest.mark.rule("C17")
def test_before_two_that_begin_at_one_instant_the_higher_answers() -> None:
    assert Catalogs([version(1, 0), version(2, 0)]).in_force(START - DAY).version == 2


@pytest.mark.rule("C17")
@pytest.mark.parametrize(("quantity", "credits"), [(1, 7), (100, 7), (101, 14), (1_000, 70)])
def test_every_started_unit_is_paid(quantity: int, credits: int) -> None:
    assert Catalogs([version(7, 0)]).price("chat", quantity, START) == Price(credits, 7)


@pytest.mark.rule("C17")
def test_no_price_and_too_large_a_price_are_refusals() -> None:
    catalogs = Catalogs([version(200_000_000, 0)])
    assert catalogs.price("paint", 1, START) is Reason.UNKNOWN_ACTION
    assert catalogs.price("chat", 500, START) == Price(1_000_000_000, 200_000_000)
    assert catalogs.price("chat", 501, START) is Reason.AMOUNT_TOO_LARGE


@pytest.mark.rule("C6")
def test_only_a_new_pool_has_the_first_periods_amount() -> None:
    catalogs = Catalogs([version(1, 0)])
    assert catalogs.quota("free", START, first=True) == 600
    assert catalogs.quota("free", START, first=False) == 300
    assert catalogs.quota("pro_editor", START, first=True) == 3_000


@pytest.mark.parametrize(
    "reason",
    [
        Reason.INSUFFICIENT_CREDITS,
        Reason.CREDITS_PAUSED,
        Reason.UNKNOWN_WORKSPACE,
        Reason.UNKNOWN_MEMBER,
        Reason.CANNOT_EDIT,
        Reason.UNKNOWN_ACTION,
        Reason.AMOUNT_TOO_LARGE,
        Reason.NO_CATALOG,
        Reason.USAGE_ID_REUSED,
    ],
)
@pytest.mark.rule("C10")
def test_every_refusal_says_how_to_mend_it_within_what_the_wire_takes(reason: Reason) -> None:
    refusal = Refusal(reason, 1_000_000_000, 2**50)
    assert 20 < len(detail(refusal)) <= 500
    assert ";" in detail(refusal) or ":" in detail(refusal)
