"""Alarms: due timers in, effects and messages out, all in one transaction."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from shared.messaging import desk
from shared.messaging.failures import Weather
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Alarm, Outgoing, Work
from tests.integration.messaging.office.letters import Letters, told
from tests.integration.messaging.office.office import MakeOffice, Office, ref, soon, wait_until

FAR = datetime(2090, 1, 1, tzinfo=UTC)


def _lapse(refs: Sequence[str], work: Work[Letters]) -> Iterable[Outgoing]:
    for letter in refs:
        work.repository.lock(letter)
        work.repository.move_on(letter, "lapsed")
    return [told(letter) for letter in refs]


def test_due_timers_have_their_effect_once_and_those_in_the_future_stand(office: Office) -> None:
    letters = [ref(str(number)) for number in range(7)]
    office.write(*letters[:6], kind="lapse")
    office.write(letters[6], kind="lapse", due_at=FAR)
    office.open(alarms=[Alarm("lapse", _lapse, max_batch=4)])
    wait_until(lambda: office.told() == 6, "six lapsed letters")
    assert office.timers() == {letters[6]: ("waiting", 0)}
    assert office.states() == {**dict.fromkeys(letters[:6], ("lapsed", 1)), letters[6]: ("written", 0)}


def test_several_workers_share_the_timers_and_each_has_its_effect_once(another_office: MakeOffice) -> None:
    offices = [another_office() for _ in range(3)]
    letters = [ref(str(number)) for number in range(60)]
    offices[0].write(*letters, kind="lapse")
    for office in offices:
        office.open(alarms=[Alarm("lapse", _lapse, max_batch=3)])
    wait_until(lambda: offices[0].timers() == {}, "no timer left")
    assert offices[0].states() == dict.fromkeys(letters, ("lapsed", 1))
    assert offices[0].told() == 60


def test_an_alarm_may_set_its_own_timer_anew(office: Office) -> None:
    letter = ref("a")

    def renew(refs: Sequence[str], work: Work[Letters]) -> Iterable[Outgoing]:
        for due in refs:
            work.repository.move_on(due, "renewed")
            work.timers.set("renew", due, FAR)
        return []

    office.write(letter, kind="renew")
    office.open(alarms=[Alarm("renew", renew)])
    wait_until(lambda: office.states()[letter] == ("renewed", 1), "the renewal")
    assert dict(office.rows("SELECT ref, due_at FROM timers")) == {letter: FAR}


def test_one_timer_that_cannot_be_handled_gets_stuck_in_sight_and_holds_up_no_other(office: Office) -> None:
    letters = [ref(str(number)) for number in range(9)]
    bad = letters[4]

    def lapse(refs: Sequence[str], work: Work[Letters]) -> Iterable[Outgoing]:
        outgoing = _lapse(refs, work)
        if bad in refs:
            raise ZeroDivisionError("with someone's name in it")
        return outgoing

    office.write(*letters, kind="lapse")
    office.open(alarms=[Alarm("lapse", lapse)])
    wait_until(lambda: office.timers() == {bad: ("stuck", 0)}, "only the bad one left")
    assert office.told() == 8
    assert office.states()[bad] == ("written", 0)
    ((reason,),) = office.rows("SELECT reason FROM timers")
    assert reason.startswith("ZeroDivisionError at tests/integration/messaging/office/test_alarms.py:")
    assert "name" not in reason


def test_weather_puts_a_timer_off_and_it_is_tried_again(office: Office) -> None:
    letter = ref("a")
    failures = iter([Weather("rain"), Weather("snow")])

    def lapse(refs: Sequence[str], work: Work[Letters]) -> Iterable[Outgoing]:
        if error := next(failures, None):
            raise error
        return _lapse(refs, work)

    office.write(letter, kind="lapse")
    office.open(alarms=[Alarm("lapse", lapse)])
    wait_until(lambda: office.told() == 1, "better weather")
    assert office.states() == {letter: ("lapsed", 1)}
    assert next(failures, None) is None


def test_an_alarm_that_takes_too_long_for_one_timer_puts_off_that_one_and_holds_up_no_other(office: Office) -> None:
    slow, good = ref("slow"), ref("good")

    def lapse(refs: Sequence[str], work: Work[Letters]) -> Iterable[Outgoing]:
        if slow in refs:
            work.repository.wait_longer_than_allowed()
        return _lapse(refs, work)

    office.write(slow, good, kind="lapse")
    office.open(alarms=[Alarm("lapse", lapse)])
    wait_until(lambda: office.timers().get(slow, ("", 0))[1] > 0, "the slow one put off")
    wait_until(lambda: list(office.timers()) == [slow], "the other one done")
    assert office.states() == {good: ("lapsed", 1), slow: ("written", 0)}


def test_a_timer_moved_while_its_alarm_goes_off_keeps_its_new_time_and_nothing_else_happens(
    another_office: MakeOffice,
) -> None:
    office, other = another_office(), another_office()
    letter = ref("a")

    def lapse(refs: Sequence[str], work: Work[Letters]) -> Iterable[Outgoing]:
        with other.database.transaction() as connection:  # somebody else's, committed first
            PostgresTimers(connection).set("lapse", letter, FAR)
        moved.set()
        return _lapse(refs, work)

    moved = threading.Event()
    office.write(letter, kind="lapse")
    office.open(alarms=[Alarm("lapse", lapse)])
    wait_until(moved.is_set, "the alarm")
    office.close()
    assert dict(other.rows("SELECT ref, due_at FROM timers")) == {letter: FAR}
    assert other.states() == {letter: ("written", 0)}
    assert other.told() == 0


@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(seconds=0.3)], ids=["due", "due soon"])
def test_a_sleeping_alarm_is_woken_by_a_nearer_timer_and_sleeps_just_until_then(
    office: Office, monkeypatch: pytest.MonkeyPatch, ahead: timedelta
) -> None:
    monkeypatch.setattr(desk, "LOOK_EVERY_S", 3_600)  # without the bell it would sleep far longer than this test waits
    office.open(alarms=[Alarm("lapse", _lapse)])
    wait_until(lambda: office.desk.bell.rings > 0, "somebody listening")
    office.write(ref("far"), kind="lapse", due_at=FAR)
    office.write(ref("near"), kind="lapse", due_at=soon() if ahead > timedelta(0) else datetime.now(UTC) + ahead)
    wait_until(lambda: office.states()[ref("near")] == ("lapsed", 1), "the nearer timer")
    assert office.states()[ref("far")] == ("written", 0)
