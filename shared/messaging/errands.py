"""Runs a service's errands: network work between two transactions, never inside one.

A killed worker's errands are taken up by the next one when the lease has run out, a few seconds later; `perform` is
then repeated. What no answer can mend in this process, wrong settings, ends the worker and leaves the timer as it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Generic, TypeVar

from shared.messaging.crash_points import reach
from shared.messaging.desk import Desk
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.leases import Lease, LeaseLost
from shared.messaging.patience import Stopped, patiently
from shared.messaging.weather import Insistence
from shared.messaging.work import Errand

R = TypeVar("R")


class ErrandBorder(StrEnum):
    """The borders of an errand at which a test can have the process killed (`CRASH_AT`), in order."""

    AFTER_PREPARE = "errand.after-prepare"  # the intent is committed, nobody was called
    AFTER_PERFORM = "errand.after-perform"  # the outside world has acted, we know it and nothing is written
    BEFORE_COMMIT = "errand.before-commit"  # the outcome is written, and nothing of it committed
    AFTER_COMMIT = "errand.after-commit"  # all is done


class Errands(Generic[R]):
    """One of the `concurrency` threads of an errand; each takes one timer at a time."""

    def __init__(self, errand: Errand[R, Any, Any], desk: Desk[R]) -> None:
        self._errand = errand
        self._desk = desk

    def run(self) -> None:
        """Serve this errand's timers until the worker stops."""
        try:
            self._desk.serve(self._errand.kind, 1, self._attend)
        except Stopped:
            return

    def _attend(self, lease: Lease) -> None:
        with self._desk.keeper.keeping(lease, self._errand.lease_s):
            try:
                self._go(lease)
            except (Stopped, SettingsProblem):
                raise
            except LeaseLost as error:
                self._desk.lost(lease, error)
            except Weather as error:
                self._desk.put_off(lease, error)
            except Exception as error:
                self._desk.get_stuck(lease, error)

    def _go(self, lease: Lease) -> None:
        what = f"errand {lease.kind}"
        request = patiently(lambda: self._prepare(lease), self._desk.stopping, what, Insistence())
        if request is None:
            return
        reach(ErrandBorder.AFTER_PREPARE)
        answer = self._errand.perform(request)
        reach(ErrandBorder.AFTER_PERFORM)
        patiently(lambda: self._record(lease, request, answer), self._desk.stopping, what, Insistence())
        reach(ErrandBorder.AFTER_COMMIT)

    def _prepare(self, lease: Lease) -> Any | None:  # noqa: ANN401 - the errand's own type
        with self._desk.transaction(lease) as entry:
            request = self._errand.prepare(lease.refs[0], entry.work)
            entry.done = request is None
        return request

    def _record(self, lease: Lease, request: Any, answer: Any) -> None:  # noqa: ANN401 - the errand's own types
        with self._desk.transaction(lease) as entry:
            entry.outgoing += self._errand.record(lease.refs[0], request, answer, entry.work)
            entry.border = ErrandBorder.BEFORE_COMMIT
