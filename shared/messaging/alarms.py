"""Runs a service's alarms: due timers in, effects and messages out, in one transaction per batch."""

from __future__ import annotations

from time import monotonic
from typing import Generic, TypeVar

import psycopg

from shared.messaging.desk import Desk
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.leases import Lease, LeaseLost
from shared.messaging.patience import Stopped, patiently
from shared.messaging.weather import Insistence, is_weather
from shared.messaging.work import Alarm

R = TypeVar("R")

# An alarm is one transaction, whose statements end after 30 s each; later than this its lease is renewed no more.
MAX_DURATION_S = 120


class AlarmClock(Generic[R]):
    """The thread of one alarm."""

    def __init__(self, alarm: Alarm[R], desk: Desk[R]) -> None:
        self._alarm = alarm
        self._desk = desk

    def run(self) -> None:
        """Serve this alarm's timers until the worker stops."""
        try:
            self._desk.serve(self._alarm.kind, self._alarm.max_batch, self._attend)
        except Stopped:
            return

    def _attend(self, lease: Lease) -> None:
        began = monotonic()
        with self._desk.keeper.keeping(lease, MAX_DURATION_S):
            self._handle(lease)
        if self._alarm.rests:
            self._desk.stopping.wait(self._alarm.rests * (monotonic() - began))

    def _handle(self, lease: Lease) -> None:
        try:
            patiently(lambda: self._transact(lease), self._desk.stopping, f"alarm {lease.kind}", Insistence())
        except (Stopped, SettingsProblem):
            raise
        except Exception as error:
            self._fail(lease, error)

    def _transact(self, lease: Lease) -> None:
        with self._desk.transaction(lease) as entry:
            entry.outgoing += self._alarm.handler(lease.refs, entry.work)

    def _fail(self, lease: Lease, error: Exception) -> None:
        """Halve down to the one timer that it is about; only that one is put off, stuck or left."""
        if len(lease.refs) > 1:
            middle = len(lease.refs) // 2
            self._handle(lease.of(lease.refs[:middle]))
            self._handle(lease.of(lease.refs[middle:]))
        elif isinstance(error, LeaseLost):
            self._desk.lost(lease, error)
        elif isinstance(error, Weather):
            self._desk.put_off(lease, error)
        else:
            assert not (isinstance(error, psycopg.Error) and is_weather(error)), "patience deals with these"
            self._desk.get_stuck(lease, error)
