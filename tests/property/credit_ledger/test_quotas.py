"""Quotas over years, by plan and seat, through the real handlers: against another calendar and a plain subtraction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import cast

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from services.credit_ledger.domain.period import period_at
from shared.contracts.credit_ledger import POOL
from shared.contracts.workspace import Plan, Role
from tests.integration.credit_ledger.ledger import hold, member, release, reversal, usage, workspace
from tests.property.credit_ledger.calendar_oracle import HOUR, QuotaBook, begin_of, borders, end_of
from tests.property.credit_ledger.operations import CATALOG, Operation, Ring, cuts
from tests.property.credit_ledger.replay import MemoryStore, play

TICK = timedelta(milliseconds=1)
anchors = st.one_of(
    st.sampled_from([date(2023, 1, 31), date(2024, 1, 30), date(2024, 2, 29), date(2027, 12, 29), date(2024, 12, 31)]),
    st.dates(date(2022, 1, 1), date(2028, 12, 31)),
)
ABOUT_A_BORDER = (-HOUR, -TICK, timedelta(0), TICK, HOUR - TICK, HOUR, HOUR + TICK)
PLANS: tuple[Plan, ...] = ("free", "pro", "business")
ROLES: tuple[Role, ...] = ("editor", "guest_editor", "owner", "viewer")


@dataclass(frozen=True)
class Step:
    """What happens next: at which of the moments about the next border, or so many days on."""

    kind: str
    value: str | int
    later: timedelta | None
    border: timedelta
    occurred_before: timedelta


steps = st.lists(
    st.builds(
        lambda what, later, border, before: Step(what[0], what[1], later, border, before),
        st.one_of(
            st.tuples(st.just("plan"), st.sampled_from(PLANS)),
            st.tuples(st.just("role"), st.sampled_from(ROLES)),
            st.tuples(st.just("use"), st.integers(1, 6)),
            st.tuples(st.just("use"), st.integers(1, 6)),
            st.tuples(st.just("use"), st.integers(1, 6)),
        ),
        st.sampled_from([TICK, TICK, timedelta(minutes=5), timedelta(days=4), timedelta(days=40), None]),
        st.sampled_from(ABOUT_A_BORDER),
        st.sampled_from([timedelta(0), timedelta(0), TICK, HOUR, timedelta(hours=2), timedelta(days=45)]),
    ),
    min_size=8,
    max_size=30,
)


def next_moment(anchor: date, at: datetime, step: Step) -> datetime:
    """Later than now: a while on, or somewhere about the next border."""
    if step.later is not None:
        return at + step.later
    moment = end_of(anchor, at) + step.border
    return moment if moment > at else end_of(anchor, end_of(anchor, at)) + step.border


@pytest.mark.rule("C7")
@given(anchors, st.integers(0, 100), st.sampled_from(ABOUT_A_BORDER), st.integers(-12, 14))
def test_periods_begin_where_recurrence_rules_say_in_every_zone(
    anchor: date, number: int, moment: timedelta, hours: int
) -> None:
    at = borders(anchor)[number] + moment
    if at < borders(anchor)[0]:
        return
    period = period_at(anchor, at.astimezone(timezone(timedelta(hours=hours))))
    assert (period.start, period.end) == (begin_of(anchor, at), end_of(anchor, at))
    assert (period.number == 0) == (period.start.date() == anchor)


@pytest.mark.rule("C6", "C7", "C8", "C16")
@settings(max_examples=100, deadline=None)
@given(anchors, st.integers(-40, 40), st.sampled_from(PLANS), steps, cuts)
def test_after_any_changes_what_is_left_is_what_is_given_less_what_was_used(
    anchor: date, days: int, plan: Plan, steps: Sequence[Step], cuts: Collection[int]
) -> None:
    at = datetime(anchor.year, anchor.month, anchor.day, 12, tzinfo=UTC) + timedelta(days=days)
    book = QuotaBook(CATALOG.quotas, anchor, plan)
    history = [Operation(workspace(plan=plan, anchor=anchor), at), Operation(member(), at), Operation(Ring("acme"), at)]
    book.look(at)
    burned: dict[str, bool] = {}
    for number, step in enumerate(steps):
        at = next_moment(anchor, at, step)
        if step.kind == "use":
            occurred_at, name = at - step.occurred_before, f"u{number}"
            history.append(Operation(usage(name, int(step.value), occurred_at=occurred_at), at))
            burned[name] = book.use(int(step.value), at, occurred_at)
            continue
        if step.kind == "plan":
            book.plan = str(step.value)
            changed = workspace(plan=cast(Plan, step.value), version=number + 2, anchor=anchor)
            history.append(Operation(changed, at))
        else:
            book.role = str(step.value)
            history.append(Operation(member(role=cast(Role, step.value), version=number + 2), at))
        history.append(Operation(Ring("acme"), at))
        book.look(at)
    end = Operation(Ring("acme"), at)
    book.look(at)
    store = MemoryStore()
    play(store, [*history, end], cuts)
    outcomes = {row.usage_id: row.outcome == "burned" for row in store.tables.usages.values()}
    assert outcomes == burned
    left = {
        (user, lot.period_start): lot.left
        for (_, user), lot in store.tables.lots.values()
        if user in ("erin", POOL) and lot.period_end and at <= lot.period_end + HOUR and lot.period_start
    }
    assert left == {key: book.left(*key) for key in left}
    present = (book.payer, begin_of(anchor, at))
    assert present in left or (book.role == "viewer" and book.payer == "erin")
    if len({lot.granted for _, lot in store.tables.lots.values()}) > 1:
        event("quotas of several sizes")
    if any(lot.withheld and lot.remaining for _, lot in store.tables.lots.values()):
        event("something withheld")


@st.composite
def in_one_period(draw: st.DrawFn) -> list[Operation]:
    """Changes of plan and seat, usage, holds and what gives credits back, all inside one period."""
    at = datetime(2026, 2, 6, tzinfo=UTC)
    history = [Operation(each, at) for each in (workspace(plan="business"), member(), member("evan"))]
    for number in range(draw(st.integers(4, 24))):
        at += timedelta(minutes=1)
        plan, role = draw(st.sampled_from(PLANS)), draw(st.sampled_from(ROLES))
        credits, earlier = draw(st.integers(1, 7)), draw(st.integers(0, 24))
        content = draw(
            st.sampled_from(
                [
                    workspace(plan=plan, version=number + 2),
                    member(role=role, version=number + 2),
                    usage(f"u{number}", credits, occurred_at=at),
                    reversal(f"u{earlier}"),
                    hold(f"h{number % 5}", credits),
                    release(f"h{earlier % 5}"),
                ]
            )
        )
        history.append(Operation(content, at))
    # A viewer's quota is left as it is: nobody uses it. Back at the end, so that there is something to compare.
    return [*history, Operation(member(role="editor", version=100), at)]


@pytest.mark.rule("C8", "C9", "C12")
@settings(max_examples=100, deadline=None)
@given(st.data(), in_one_period(), cuts)
def test_how_often_a_quota_was_looked_at_between_changes_makes_no_difference(
    data: st.DataObject, history: list[Operation], cuts: Collection[int]
) -> None:
    """Down and up again, or only up at last: what is left, and every decision, are the same."""
    looked_at: list[Operation] = []
    for each in history:
        looked_at.append(each)
        if data.draw(st.booleans()):
            looked_at.append(Operation(Ring("acme"), each.at))
    first, last = Operation(Ring("acme"), history[0].at), Operation(Ring("acme"), history[-1].at)
    plain, watched = MemoryStore(), MemoryStore()
    play(plain, [*history[:3], first, *history[3:], last])
    play(watched, [*history[:3], first, *looked_at[looked_at.index(history[3]) :], last], cuts)
    assert _decided(plain) == _decided(watched)


def _decided(store: MemoryStore) -> tuple[object, ...]:
    tables = store.tables
    return (
        {lot.lot_id: lot.left for _, lot in tables.lots.values() if lot.left},
        {key: (row.outcome, row.available) for key, row in tables.usages.items()},
        {key: (row.state, row.available) for key, row in tables.holds.items()},
        dict(tables.reversals),
    )
