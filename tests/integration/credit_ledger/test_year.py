"""A year of a workspace in seconds: real handlers, real tables and their timers, against the naive model each day.

From the 31st of August over a leap February: the periods begin on the last day of the shorter months.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from services.credit_ledger.handlers import ALARMS
from services.credit_ledger.repository import LedgerRepository
from shared.contracts.holds import HoldCredits
from shared.contracts.recalls import RecallClosed, RecallOpened
from shared.contracts.workspace import Plan, Role
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Work
from tests.integration.credit_ledger.ledger import (
    Ledger,
    bad_checks,
    capture,
    hold,
    member,
    paid,
    recall,
    release,
    reversal,
    usage,
    verdict,
    workspace,
)
from tests.property.credit_ledger.model import NaiveLedger
from tests.property.credit_ledger.operations import CATALOG, USERS, Operation, Ring
from tests.stack.database import Database

BEGIN = datetime(2027, 8, 31, tzinfo=UTC)
ANCHOR = date(2027, 8, 31)
DAYS = 366  # up to the 31st of August 2028
HANDLERS = {alarm.kind: alarm.handler for alarm in ALARMS}

# On which day what changes: the year's upgrades and downgrades, a payment that failed, a month on Free.
PLANS: dict[int, tuple[Plan, str]] = {
    20: ("business", "active"),
    55: ("pro", "active"),
    90: ("pro", "past_due"),
    97: ("pro", "active"),
    130: ("free", "active"),
    161: ("business", "active"),
    181: ("pro", "active"),  # the day before the 29th of February
    183: ("business", "active"),
    240: ("business", "canceled"),
    244: ("business", "active"),
    300: ("pro", "active"),
}
ROLES: dict[int, tuple[str, Role]] = {
    33: ("erin", "guest_editor"),
    34: ("erin", "editor"),
    70: ("evan", "viewer"),
    75: ("evan", "owner"),
    200: ("erin", "viewer"),
    214: ("erin", "guest_editor"),
    310: ("evan", "guest_editor"),
}
# What of the year's purchases goes back: by the members, by an operator, by a bank that takes its refund back.
RECALLS: dict[int, tuple[RecallOpened | RecallClosed, ...]] = {
    7: (recall("r1", "p7", "erin", untouched_only=True),),
    8: (verdict("r1", "p7", "erin", verdict="take_back"),),
    49: (recall("r2", "p47", *USERS, untouched_only=True), recall("r3", "p47", "evan")),
    51: (verdict("r3", "p47", "evan", verdict="give_back"),),
    82: (recall("r4", "p47", *USERS),),
    83: (verdict("r4", "p47", *USERS, verdict="take_back"),),
    112: (recall("r5", "p87", *USERS), verdict("r5", "p87", *USERS, verdict="take_back")),
    135: (verdict("r5", "p87", *USERS, verdict="give_back", step=2),),
    140: (recall("r6", "p127", "erin"), recall("r7", "p127", *USERS, cause="dispute")),
    150: (verdict("r6", "p127", "erin", verdict="take_back"),),
    190: (verdict("r7", "p127", *USERS, verdict="give_back"),),
    199: (recall("r8", "p167", "erin"),),
    206: (verdict("r8", "p167", "erin", verdict="take_back"),),
    260: (recall("r9", "p247", "evan"), recall("r10", "p247", "erin", untouched_only=True)),
    261: (verdict("r9", "p247", "evan", verdict="take_back"), verdict("r10", "p247", "erin", verdict="take_back")),
    330: (recall("r11", "p327", *USERS, untouched_only=True),),  # frozen at the end still, or refused
}


class Year:
    """Gives the same things to the ledger and to the model, and rings the timers of the one for both."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.model = ledger, NaiveLedger()
        ledger.may_wait = False

    def pass_to(self, at: datetime) -> None:
        """Time goes on: what is due rings, each at its own instant."""
        while due := self.ledger.rows(
            "SELECT kind, due_at, array_agg(ref ORDER BY ref) FROM timers WHERE due_at <= %s "
            "GROUP BY kind, due_at ORDER BY due_at, kind LIMIT 1",
            at,
        ):
            [(kind, due_at, refs)] = due
            with self.ledger.connection.transaction():
                self.ledger.connection.execute("DELETE FROM timers WHERE kind = %s AND ref = ANY(%s)", (kind, refs))
                timers = PostgresTimers(self.ledger.connection)
                HANDLERS[kind](refs, Work(LedgerRepository(self.ledger.connection), due_at, timers))
            self.model.take(Operation(Ring("acme"), due_at.astimezone(UTC)))
        self.ledger.at = at

    def take(self, content: Any, at: datetime) -> None:
        """Something comes."""
        self.pass_to(at)
        self.ledger.handle(content)
        self.model.take(Operation(content, at))

    def books(self) -> tuple[dict[str, int], dict[str, int]]:
        """What is left of every lot, and what of that may be used, by the model's names."""
        rows = self.ledger.rows(
            "SELECT user_id, lot_id::text, kind, period_start, remaining, withheld, frozen FROM lots"
        )
        left, usable = {}, {}
        for user_id, lot_id, kind, start, remaining, withheld, frozen in rows:
            name = f"{('acme', user_id)} {start.astimezone(UTC)}" if kind == "quota" else lot_id
            left[name], usable[name] = remaining, 0 if frozen else max(0, remaining - withheld)
        return left, usable

    def debts(self) -> dict[str, int]:
        """What each user owes."""
        return dict(self.ledger.rows("SELECT user_id, debt FROM accounts WHERE debt > 0"))

    def model_debts(self) -> dict[str, int]:
        """The same by the model."""
        return {user_id: debt for (_, user_id), debt in self.model.debts.items() if debt}


def what_comes(day: int, chance: Random) -> Iterator[Any]:
    """Of one day: what is on the calendar, then whatever the products do."""
    if day in PLANS:
        plan, status = PLANS[day]
        changed = workspace(plan=plan, version=day + 2, anchor=ANCHOR)
        yield changed.model_copy(update={"status": status})
    if day in ROLES:
        yield member(*ROLES[day], version=day + 2)
    held: str | None = None
    for number in range(chance.randint(0, 4)):
        name, user, credits = f"d{day}-{number}", chance.choice(USERS), chance.choice((1, 2, 3, 5))
        if held is not None:
            yield chance.choice((capture(held, 1), capture(held, credits), release(held)))
        held = None
        comes = chance.choice(
            (
                usage(name, credits, user),
                usage(name, credits, user),
                reversal(f"d{day - 1}-0"),
                hold(name, credits, user, expires_in_s=chance.choice((600, 7_200, 86_400))),
            )
        )
        yield comes
        if isinstance(comes, HoldCredits) and chance.random() < 0.8:  # else it ends by its own clock
            held = name
    if day % 40 == 7:
        yield paid(f"p{day}", *USERS, credits=10)
    yield from RECALLS.get(day, ())


@pytest.mark.rule("C1", "C2", "C6", "C7", "C8", "C9", "C12", "C13", "C14", "C16", "B11", "B12")
def test_a_year_of_renewals_upgrades_downgrades_top_ups_and_refunds_is_right_to_the_credit_each_day(
    empty_ledger: Ledger, database: Database
) -> None:
    year, chance = Year(empty_ledger), Random(2028)  # the same year every time
    empty_ledger.at = BEGIN
    empty_ledger.handle(CATALOG)
    for content in (workspace(plan="pro", anchor=ANCHOR), *(member(user) for user in USERS)):
        year.take(content, BEGIN)
    in_debt = set()
    for day in range(DAYS):
        at = BEGIN + timedelta(days=day)
        for content in what_comes(day, chance):
            at += timedelta(minutes=chance.choice((1, 7, 45, 59, 60, 120)))
            if hasattr(content, "occurred_at"):
                late = timedelta(minutes=chance.choice((0, 0, 5, 90)))
                content = content.model_copy(update={"occurred_at": at - late})
            year.take(content, at)
        year.pass_to(BEGIN + timedelta(days=day + 1))
        assert year.books() == (year.model.left(), year.model.usable()), f"day {day}"
        assert year.debts() == year.model_debts(), f"day {day}"
        in_debt |= {day} if year.debts() else set()
    begun = empty_ledger.rows(
        "SELECT DISTINCT (period_start AT TIME ZONE 'UTC')::date::text FROM lots WHERE kind = 'quota' ORDER BY 1"
    )
    assert [start for (start,) in begun][:8] == [
        *("2027-08-31", "2027-09-30", "2027-10-31", "2027-11-30", "2027-12-31"),
        *("2028-01-31", "2028-02-29", "2028-03-31"),
    ]
    assert len(begun) == 13
    outcomes = {
        (name, key): outcome
        for name, key, outcome in empty_ledger.rows("SELECT workspace_id, usage_id, outcome FROM usages")
    }
    assert outcomes == {key: "burned" if was == "burned" else "refused" for key, was in year.model.outcomes.items()}
    assert {"burned", "refused"} == set(outcomes.values())
    assert 0 < len(in_debt) < DAYS / 2, "debt is made, and settled by what is bought next"
    frozen = year.ledger.rows("SELECT recall_id::text, refusal IS NULL FROM recalls")
    assert dict(frozen) == year.model.frozen
    assert {True, False} == {was for _, was in frozen}, "some are untouched, some are not"
    assert bad_checks(database) == []
