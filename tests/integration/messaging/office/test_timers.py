"""Timers stand when, and only when, the transaction commits that makes them necessary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.messaging import leases
from shared.messaging.leases import LeaseLost
from shared.messaging.timers import PostgresTimers
from tests.integration.messaging.office.office import PAST, MakeOffice, Office

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def _due(office: Office) -> dict[str, datetime]:
    return dict(office.rows("SELECT ref, due_at FROM timers WHERE kind = 'post'"))


def test_a_timer_set_again_is_moved(office: Office) -> None:
    for due_at in (NOON, NOON + timedelta(days=1)):
        with office.database.transaction() as connection:
            PostgresTimers(connection).set("post", "a", due_at)
    assert _due(office) == {"a": NOON + timedelta(days=1)}


def test_many_are_set_at_once_and_of_a_ref_named_twice_the_last_stands(office: Office) -> None:
    with office.database.transaction() as connection:
        PostgresTimers(connection).set_many("post", [("a", NOON), ("b", NOON), ("a", PAST)])
        PostgresTimers(connection).set_many("post", [])
    assert _due(office) == {"a": PAST, "b": NOON}


def test_a_transaction_rolled_back_sets_nothing(office: Office) -> None:
    with office.database.connect() as connection:
        PostgresTimers(connection).set("post", "a", PAST)
        connection.rollback()
    assert _due(office) == {}


def test_a_cancelled_timer_is_gone_and_cancelling_none_is_fine(office: Office) -> None:
    with office.database.transaction() as connection:
        timers = PostgresTimers(connection)
        timers.set("post", "a", PAST)
        timers.cancel("post", "a")
        timers.cancel("post", "never set")
    assert _due(office) == {}


def test_a_stuck_timer_that_is_set_again_tries_again(office: Office) -> None:
    office.write("a")
    with office.database.transaction() as connection:
        lease = leases.claim(connection, "post", NOON, 10, ())
        assert lease is not None
        leases.get_stuck(connection, lease, "ValueError at x.py:1")
        assert leases.claim(connection, "post", NOON, 10, ()) is None
        assert leases.count_stuck(connection) == [("post", 1)]
        PostgresTimers(connection).set("post", "a", PAST)
    assert office.timers() == {"a": ("waiting", 0)}


def test_a_claim_takes_the_longest_due_first_and_nothing_early(office: Office) -> None:
    with office.database.transaction() as connection:
        due = [("later", NOON + timedelta(seconds=1)), ("now", NOON), ("before", PAST)]
        PostgresTimers(connection).set_many("post", due)
        first = leases.claim(connection, "post", NOON, 1, ())
        second = leases.claim(connection, "post", NOON, 9, ())
        assert leases.claim(connection, "post", NOON, 9, ()) is None
    assert first is not None
    assert second is not None
    assert (first.refs, second.refs) == (("before",), ("now",))


def test_two_workers_never_claim_the_same_timer(another_office: MakeOffice) -> None:
    one, other = another_office(), another_office()
    one.write("a", "b", "c")
    with one.database.transaction() as mine, other.database.transaction() as theirs:
        first = leases.claim(mine, "post", NOON, 2, ())
        second = leases.claim(theirs, "post", NOON, 9, ())
    assert first is not None
    assert second is not None
    assert sorted(first.refs + second.refs) == ["a", "b", "c"]


def test_a_lease_that_ran_out_is_taken_over_and_may_not_record_any_more(office: Office) -> None:
    office.write("a")
    with office.database.transaction() as connection:
        first = leases.claim(connection, "post", NOON, 1, ())
        assert first is not None
        connection.execute("UPDATE timers SET leased_until = now() - interval '1 second'")
        second = leases.claim(connection, "post", NOON, 1, ())
        assert second is not None
        leases.hold(connection, second)
        with pytest.raises(LeaseLost):
            leases.hold(connection, first)


def test_what_this_process_still_works_on_it_does_not_claim_again(office: Office) -> None:
    office.write("a", "b")
    with office.database.transaction() as connection:
        lease = leases.claim(connection, "post", NOON, 9, ["a"])
    assert lease is not None
    assert lease.refs == ("b",)


def test_the_wait_is_until_the_next_due_or_the_end_of_a_lease(office: Office) -> None:
    with office.database.transaction() as connection:
        assert leases.seconds_to_next(connection, "post", NOON) is None
        PostgresTimers(connection).set("post", "b", NOON + timedelta(hours=1))
        assert leases.seconds_to_next(connection, "post", NOON) == 3600
        PostgresTimers(connection).set("post", "a", PAST)
        assert leases.claim(connection, "post", NOON, 1, ()) is not None
        until_lease_ends = leases.seconds_to_next(connection, "post", NOON)
    assert until_lease_ends is not None
    assert 0 < until_lease_ends <= leases.LEASE_S


def test_a_person_lets_stuck_timers_try_again(office: Office) -> None:
    office.write("a", "b")
    office.write("c", kind="lapse")
    with office.database.transaction() as connection:
        for kind in ("post", "lapse"):
            lease = leases.claim(connection, kind, NOON, 9, ())
            assert lease is not None
            leases.get_stuck(connection, lease, "ValueError at x.py:1")
        assert leases.resume(connection, None, "b", NOON) == [("post", "b")]
        assert leases.resume(connection, "lapse", None, NOON) == [("lapse", "c")]
        assert leases.resume(connection, None, None, NOON) == [("post", "a")]
        assert leases.count_stuck(connection) == []
    assert _due(office) == {"a": NOON, "b": NOON}
