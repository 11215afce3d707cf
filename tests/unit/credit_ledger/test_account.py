"""An account by itself: burning order, whole or not at all, renewal."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.eligibility import Eligibility
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.news import Burned, Freed, Lapsed, Opened, Paused
from services.credit_ledger.domain.period import period_at
from services.credit_ledger.domain.posting import Posting

AT = datetime(2026, 3, 10, tzinfo=UTC)
ALL = Eligibility(quota=True, paused_by=None)
PAUSED = Eligibility(quota=True, paused_by="status")
ID = UUID(int=99)


def bought(number: int, credits: int, day: int) -> Lot:
    opened_at = AT + timedelta(days=day)
    return Lot(UUID(int=number), "top_up", credits, credits, opened_at, purchase_id=UUID(int=number), stored=credits)


def quota(credits: int) -> Lot:
    period = period_at(date(2026, 1, 5), AT)
    return Lot(UUID(int=1), "quota", credits, credits, period.start, period.start, period.end, stored=credits)


def taken(postings: list[Posting]) -> list[tuple[int, int, int]]:
    return [(each.ordinal, each.debit_lot_id.int, each.credits) for each in postings if each.debit_lot_id]


@pytest.mark.rule("C1")
def test_quota_goes_first_then_the_oldest_purchase_and_of_two_at_one_instant_the_lower_id() -> None:
    account = Account("acme", "erin", lots=[bought(5, 10, 2), bought(4, 10, 0), bought(3, 10, 0), quota(10)])
    postings: list[Posting] = []
    assert account.burn(ID, 35, ALL, AT, AT, postings)
    assert taken(postings) == [(0, 1, 10), (1, 3, 10), (2, 4, 10), (3, 5, 5)]


@pytest.mark.rule("C10")
@pytest.mark.parametrize(("credits", "may", "burned"), [(20, ALL, True), (21, ALL, False), (11, PAUSED, False)])
def test_a_burn_is_whole_or_nothing(credits: int, may: Eligibility, burned: bool) -> None:
    account = Account("acme", "erin", version=7, lots=[quota(10), bought(3, 10, 0)])
    postings: list[Posting] = []
    assert account.burn(ID, credits, may, AT, AT, postings) is burned
    assert (sum(each.credits for each in postings) == credits) is burned
    assert account.changed is burned
    assert bool(postings) is burned


@pytest.mark.rule("C4")
def test_paused_credits_are_passed_over() -> None:
    account = Account("acme", "erin", lots=[quota(10), bought(3, 10, 0)])
    assert account.usable(PAUSED) == 10
    assert account.burn(ID, 10, PAUSED, AT, AT, [])
    assert account.remaining("top_up") == 10


@pytest.mark.rule("C7", "C2")
def test_a_new_period_empties_the_old_quota_and_leaves_what_was_bought() -> None:
    account = Account(
        "acme", "erin", period_start=period_at(date(2026, 1, 5), AT).start, lots=[quota(10), bought(3, 9, 0)]
    )
    postings: list[Posting] = []
    later = AT + timedelta(days=31)
    account.turn(period_at(date(2026, 1, 5), later), 20, later, postings)
    assert [(each.debit_contra, each.credit_contra, each.credits) for each in postings] == [
        (None, "lapsed", 10),
        ("quota_issued", None, 20),
    ]
    assert (account.remaining("quota"), account.remaining("top_up")) == (20, 9)
    account.turn(period_at(date(2026, 1, 5), later), 20, later, postings)
    assert len(postings) == 2


def test_burning_is_told_in_one_piece_unless_something_comes_between() -> None:
    account = Account("acme", "erin", lots=[quota(10), bought(3, 10, 0)])
    postings: list[Posting] = []
    for number in range(3):
        account.burn(UUID(int=number), 1, ALL, AT, AT, postings)
    later = AT + timedelta(days=31)
    account.turn(period_at(date(2026, 1, 5), later), 20, later, postings)
    account.burn(UUID(int=9), 1, ALL, later, later, postings)
    assert [type(news) for news in account.news] == [Burned, Lapsed, Opened, Burned]
    first, last = account.news[0], account.news[-1]
    assert isinstance(first, Burned)
    assert isinstance(last, Burned)
    assert (first.usages, first.after, first.version) == (3, 0, 3)
    assert (last.usages, last.version) == (1, account.version)


@pytest.mark.rule("C4", "C5")
def test_pausing_is_news_only_where_something_bought_is_left() -> None:
    account, poor = Account("acme", "erin", lots=[bought(3, 10, 0)]), Account("acme", "evan", lots=[quota(10)])
    for each in (account, poor):
        assert each.switch(ALL, PAUSED, AT)
        assert not each.switch(PAUSED, PAUSED, AT)
        assert each.switch(PAUSED, ALL, AT)
    assert [type(news) for news in account.news] == [Paused, Freed]
    assert poor.news == []
    assert account.version == poor.version == 2
