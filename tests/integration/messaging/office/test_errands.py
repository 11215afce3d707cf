"""Errands: network work between two transactions, recorded once and only by who has the lease."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

import psycopg
import pytest

from deploy.local.cluster import Cluster
from shared.messaging import leases
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Outgoing, Work
from tests.integration.messaging.office.letters import SCHEMA, Letters, Posting
from tests.integration.messaging.office.office import PAST, MakeOffice, Office, prepare, ref, wait_until
from tests.stack.choice import Postgres
from tests.stack.database import Database

LONG_S = 60


class Outside:
    """The world outside: counts what reached it, and does to each letter what the test says."""

    def __init__(self) -> None:
        self.reached: Counter[str] = Counter()
        self._lock = threading.Lock()

    def carry(self, letter: str) -> str:
        with self._lock:
            self.reached[letter] += 1
        return "posted"


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_each_letter_is_carried_out_recorded_and_told_once(office: Office, outside: Outside) -> None:
    letters = [ref(str(number)) for number in range(12)]
    office.write(*letters)
    office.open(errands=[Posting(outside.carry)])
    wait_until(lambda: office.timers() == {}, "all letters posted")
    assert office.states() == dict.fromkeys(letters, ("posted", 1))
    assert outside.reached == dict.fromkeys(letters, 1)
    assert office.told() == 12


def test_several_workers_carry_each_letter_once(another_office: MakeOffice, outside: Outside) -> None:
    offices = [another_office() for _ in range(3)]
    letters = [ref(str(number)) for number in range(40)]
    offices[0].write(*letters)
    for office in offices:
        office.open(errands=[Posting(outside.carry)])
    wait_until(lambda: offices[0].timers() == {}, "all letters posted")
    assert outside.reached == dict.fromkeys(letters, 1)
    assert offices[0].states() == dict.fromkeys(letters, ("posted", 1))


def test_no_transaction_is_open_while_the_network_is_called(office: Office, database: Database) -> None:
    """Others look in now and then for a moment; one that was held open for the call would be there at every look."""
    called: list[str] = []

    def carry(letter: str) -> str:
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND usename = 'billing_worker'"
        )
        with psycopg.connect(database.superuser_url, autocommit=True) as watcher:
            wait_until(
                lambda: watcher.execute(f"{query} AND datname = current_database()").fetchone() == (0,),
                "a moment without an open transaction",
            )
        called.append(letter)
        return "posted"

    office.write(ref("a"))
    office.open(errands=[Posting(carry, concurrency=1)])
    wait_until(lambda: office.timers() == {}, "the letter posted")
    assert called == [ref("a")]


def test_a_timer_with_nothing_left_to_do_goes_without_a_call(office: Office, outside: Outside) -> None:
    letter = ref("a")
    office.write(letter)
    office.rows("UPDATE letters SET state = 'posted' RETURNING ref")
    office.open(errands=[Posting(outside.carry)])
    wait_until(lambda: office.timers() == {}, "no timer left")
    assert outside.reached == {}
    assert office.told() == 0


def test_weather_is_tried_again_later_and_counted_in_the_row(office: Office) -> None:
    letter = ref("a")
    attempts: list[int] = []

    def carry(_: str) -> str:
        attempts.append(office.timers()[letter][1])
        if len(attempts) < 3:
            raise Weather("the post is closed")
        return "posted"

    office.write(letter)
    office.open(errands=[Posting(carry)])
    wait_until(lambda: office.timers() == {}, "the letter posted")
    assert attempts == [0, 1, 2]
    assert office.states() == {letter: ("posted", 1)}


@pytest.mark.parametrize("part", ["prepare", "perform", "record"])
def test_a_bug_in_any_part_gets_its_own_timer_stuck_and_no_other(office: Office, outside: Outside, part: str) -> None:
    good, bad = ref("good"), ref("bad")

    class Buggy(Posting):
        def prepare(self, letter: str, work: Work[Letters]) -> str | None:
            self._trip("prepare", letter)
            return super().prepare(letter, work)

        def perform(self, request: str) -> str:
            self._trip("perform", request)
            return super().perform(request)

        def record(self, letter: str, request: str, answer: str, work: Work[Letters]) -> Iterable[Outgoing]:
            outgoing = super().record(letter, request, answer, work)
            self._trip("record", letter)
            return outgoing

        def _trip(self, here: str, letter: str) -> None:
            if (here, letter) == (part, bad):
                raise KeyError("someone's address")

    office.write(bad, good)
    office.open(errands=[Buggy(outside.carry, concurrency=1)])
    wait_until(lambda: office.timers() == {bad: ("stuck", 0)}, "only the bad one left")
    assert office.states() == {good: ("posted", 1), bad: ("written", 0)}
    ((reason,),) = office.rows("SELECT reason FROM timers")
    assert reason.startswith("KeyError at tests/integration/messaging/office/test_errands.py:")
    assert "address" not in reason


def test_who_lost_the_lease_meanwhile_records_nothing(office: Office) -> None:
    letter = ref("a")
    calls: list[str] = []

    def carry(_: str) -> str:
        calls.append("call")
        if len(calls) == 1:
            with office.database.transaction() as connection:
                PostgresTimers(connection).set("post", letter, PAST)
            return "lost"
        return "posted"

    office.write(letter)
    office.open(errands=[Posting(carry, concurrency=1)])
    wait_until(lambda: office.timers() == {}, "the letter posted")
    assert office.states() == {letter: ("posted", 1)}
    assert len(calls) == 2
    assert office.told() == 1


def test_a_lease_lives_as_long_as_the_work_however_short_it_is(
    another_office: MakeOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 1)
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.1)
    one, other = another_office(), another_office()
    letter, late = ref("a"), ref("late")
    calls: Counter[str] = Counter()
    go_on = threading.Event()

    def carry(carried: str) -> str:
        calls[carried] += 1
        assert carried == late or go_on.wait(LONG_S)
        return "posted"

    one.write(letter)
    for office in (one, other):
        office.open(errands=[Posting(carry, concurrency=1)])
    ends = "SELECT max(leased_until) - min(due_at), max(leased_until) FROM timers WHERE leased_until IS NOT NULL"
    wait_until(lambda: one.rows(ends)[0][0] is not None, "the first lease")
    first = one.rows(ends)[0][1]
    wait_until(
        lambda: one.rows("SELECT clock_timestamp() > %s + interval '2 seconds'", first) == [(True,)],
        "the time at which an unrenewed lease would long be over",
    )
    one.write(late)
    wait_until(lambda: late in other.states() and other.states()[late] == ("posted", 1), "the free worker at work")
    go_on.set()
    wait_until(lambda: one.timers() == {}, "all posted")
    assert calls == {letter: 1, late: 1}


def test_wrong_settings_found_by_an_errand_end_the_worker_and_leave_the_timer(office: Office) -> None:
    def carry(_: str) -> str:
        raise SettingsProblem("the stamp is not valid")

    office.write(ref("a"))
    office.open(errands=[Posting(carry, concurrency=1)])
    wait_until(office.crew.over.is_set, "the end")
    assert office.crew.failure is not None
    assert isinstance(office.crew.failure.error, SettingsProblem)
    assert office.timers() == {ref("a"): ("waiting", 0)}


@pytest.mark.case(11)
def test_a_database_that_goes_away_during_the_call_costs_no_second_call(own_postgres: Postgres) -> None:
    cluster = Cluster(own_postgres.url)
    cluster.create("office")
    prepare(cluster.url("office", "billing_migrator"))
    office = Office(cluster.url("office", f"{SCHEMA}_worker"))
    outside = Outside()

    back = threading.Event()

    def restart() -> None:
        own_postgres.restart()
        back.set()

    def carry(letter: str) -> str:
        answer = outside.carry(letter)
        own_postgres.stop_at_once()
        threading.Thread(target=restart).start()
        return answer

    office.write(ref("a"))
    office.open(errands=[Posting(carry)])
    assert back.wait(LONG_S)
    wait_until(lambda: office.timers() == {}, "the letter posted")
    assert office.states() == {ref("a"): ("posted", 1)}
    office.close()
    assert outside.reached == {ref("a"): 1}
