"""No decision depends on a timer having rung (C16): at a period's end, handled within the hour, late or not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.credit_ledger.domain.posting import Posting
from tests.integration.credit_ledger.ledger import (
    capture,
    hold,
    member,
    paid,
    recall,
    release,
    usage,
    verdict,
    workspace,
)
from tests.property.credit_ledger.operations import BEGIN, HoldsRing, Operation, Ring, cuts
from tests.property.credit_ledger.replay import MemoryStore, play

END = datetime(2026, 2, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KNOWN = [
    Operation(workspace(), BEGIN),
    Operation(member(), BEGIN),
    Operation(paid("p1", "erin", credits=10), BEGIN),
    Operation(Ring("acme"), BEGIN),
]
# p1 is called back, and p2 bought, which pays what is owed.
FROZEN = (
    recall("r1", "p1", "erin"),
    recall("r2", "p1", "erin", untouched_only=True),
    verdict("r1", "p1", "erin", verdict="give_back", step=2),
    paid("p2", "erin", credits=20),
)
TAKEN_BACK = (
    verdict("r1", "p1", "erin", verdict="take_back"),
    verdict("r2", "p1", "erin", verdict="take_back"),
)


@st.composite
def around_the_end(draw: st.DrawFn) -> list[Operation]:
    """Usage appended from an hour before the period's end to an hour after it; some occurred earlier. What was bought
    is called back meanwhile."""
    appended = draw(st.lists(st.integers(-60, 60), min_size=4, max_size=20))
    history = []
    for number, minutes in enumerate(sorted(appended)):
        at = END + minutes * MINUTE
        occurred_at = at - draw(st.sampled_from([-5, 0, 1, 30, 70, 60 * 24 * 40])) * MINUTE
        credits = draw(st.sampled_from([1, 4, 7, 12]))
        used = st.just(usage(f"u{number}", credits, occurred_at=occurred_at))
        history.append(Operation(draw(st.one_of(used, used, used, st.sampled_from((*FROZEN, *TAKEN_BACK)))), at))
    return history


@st.composite
def rung(draw: st.DrawFn, history: Sequence[Operation]) -> list[Operation]:
    """The same log, handled late: the clock is anywhere between what is handled and the end of the hour."""
    result: list[Operation] = []
    clock = history[0].at
    for each in history:
        clock = max(clock, each.at)
        if draw(st.booleans()):
            left = (END + 60 * MINUTE - clock) // MINUTE
            clock += draw(st.integers(0, left)) * MINUTE
            result.append(Operation(Ring("acme"), clock))
        result.append(each)
    return result


def decisions(store: MemoryStore) -> tuple[list[object], list[Posting], dict[object, int]]:
    """What became of each usage, what it burned, and what is left."""
    burned = sorted(each for each in store.tables.postings.values() if each.credit_contra == "burned")
    left: dict[object, int] = {lot.lot_id: lot.remaining for _, lot in store.tables.lots.values()}
    return [*store.tables.usages.values()], burned, left


def recalled(store: MemoryStore) -> tuple[object, object, object]:
    """What became of each recall and its lines, what each lot is by them, and what is owed."""
    tables = store.tables
    recalls = {
        key: (each.refusal, [(line.standing, line.step, line.state) for line in each.standings])
        for key, each in tables.recalls.items()
    }
    lots = {lot.lot_id: (lot.frozen, lot.taken, lot.owed, lot.settled) for _, lot in tables.lots.values()}
    return recalls, lots, {key: row[-1] for key, row in tables.accounts.items() if row[-1]}


@pytest.mark.rule("C16", "C7", "B11")
@settings(max_examples=300, deadline=None)
@given(st.data(), around_the_end(), cuts)
def test_wherever_the_timer_rings_every_usage_is_decided_alike(
    data: st.DataObject, history: list[Operation], cuts: Collection[int]
) -> None:
    plain, late = MemoryStore(), MemoryStore()
    end = [Operation(Ring("acme"), END + 60 * MINUTE)]
    play(plain, [*KNOWN, *history, *end])
    play(late, [*KNOWN, *data.draw(rung(history)), *end], cuts)
    assert decisions(late) == decisions(plain)
    assert recalled(late) == recalled(plain)


@st.composite
def about_holds(draw: st.DrawFn) -> list[Operation]:
    """Two days of holds of minutes to hours, their ends, usage that wants what they hold, and refunds that freeze it,
    over a period's end. None takes it back: what a hold's timer has returned early is taken with the rest then, where
    it would have been owed until the hold's end; the sum is the same."""
    history = []
    begin = END - timedelta(hours=20)
    for number, minute in enumerate(sorted(draw(st.lists(st.integers(0, 40 * 60), min_size=6, max_size=24)))):
        at, name = begin + minute * MINUTE, f"h{draw(st.integers(0, 6))}"
        credits = draw(st.sampled_from([1, 4, 7, 12]))
        content = draw(
            st.sampled_from(
                [
                    hold(name, credits, expires_in_s=draw(st.sampled_from([60, 600, 3_600, 36_000]))),
                    hold(name, credits, expires_in_s=36_000),
                    capture(name, credits),
                    release(name),
                    usage(f"u{number}", credits, occurred_at=at),
                    draw(st.sampled_from(FROZEN)),
                ]
            )
        )
        history.append(Operation(content, at))
    return history


@st.composite
def expired(draw: st.DrawFn, history: Sequence[Operation]) -> list[Operation]:
    """The same log, handled up to an hour late: of the timers only those of the holds ring by that clock."""
    result: list[Operation] = []
    clock = history[0].at
    for each in history:
        clock = max(clock, each.at + draw(st.integers(0, 60)) * MINUTE)
        if draw(st.booleans()):
            result.append(Operation(HoldsRing("acme"), clock))
        result.append(each)
    return result


def moved(store: MemoryStore) -> tuple[list[object], object, dict[object, int]]:
    """As `decisions`, but for the ordinals: a capture after the expiry has fewer postings."""
    usages, burned, left = decisions(store)
    return usages, [(each.transaction_id, each.debit_lot_id, each.credits) for each in burned], left


def fates(store: MemoryStore) -> dict[object, str]:
    """How each hold ended."""
    return {key: row.state for key, row in store.tables.holds.items()}


@pytest.mark.rule("C9", "B11")
@settings(max_examples=300, deadline=None)
@given(st.data(), about_holds(), cuts)
def test_wherever_the_timer_of_a_hold_rings_everything_is_decided_alike(
    data: st.DataObject, history: list[Operation], cuts: Collection[int]
) -> None:
    plain, late = MemoryStore(), MemoryStore()
    end = [Operation(Ring("acme"), END + timedelta(days=3))]
    play(plain, [*KNOWN, *history, *end])
    play(late, [*KNOWN, *data.draw(expired(history)), *end], cuts)
    assert moved(late) == moved(plain)
    assert recalled(late) == recalled(plain)
    assert "held" not in {row.state for row in plain.tables.holds.values()}
    assert fates(late) == fates(plain)
