"""Is the worker healthy: do its lanes live in their groups, does the database answer, is the relay at its post?

A file says so to supervisors that look for one: its first line begins with `healthy`, and it is written anew each
second. Otherwise it says `not healthy:` and why, and bears the date 1970, so that nobody takes it for a fresh one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import structlog

from shared.messaging.failures import Unfit

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
# Until it is healthy for the first time: whoever starts a worker waits for this word.
FIRST_LOOKS_EVERY_S = 0.05
# A batch may take long while the database is slow; after so long the group itself takes the member for stuck
# (`max_poll_interval_ms`), and gives its partitions to others.
POLLED_WITHIN_S = 120.0
# A coordinator answers each second (`heartbeat_interval_ms`), and gives a silent member up after 6 s.
HEARD_WITHIN_S = 8.0
# It is asked every 2 s; connecting anew may take 5 s.
ANSWERED_WITHIN_S = 10.0
# At its post the relay turns each second; what it may wait out on top (a sending whose fate is unknown) it says itself.
TURNED_WITHIN_S = 15.0

NO_POST = "starting"


@dataclass(frozen=True, slots=True)
class LaneSigns:
    """Of one lane, at monotonic times. `heard_at` is the coordinator's last answer, None outside of the group."""

    name: str
    ready: bool
    polled_at: float
    heard_at: float | None


@dataclass(frozen=True, slots=True)
class DatabaseSigns:
    """Of the last question: when the last answer came, and what went wrong since."""

    answered_at: float
    trouble: str | None


@dataclass(frozen=True, slots=True)
class RelaySigns:
    """`post` is where it stands: active, standing by, waiting; `quiet_until` is how long it may give no other sign."""

    post: str
    turned_at: float
    quiet_until: float
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything that is judged."""

    lanes: tuple[LaneSigns, ...]
    database: DatabaseSigns
    relay: RelaySigns


def judge(signs: Signs, now: float) -> list[str]:
    """What is not as it must be; empty when the worker is healthy. Pure."""
    return [
        *(f"lane {lane.name} {trouble}" for lane in signs.lanes for trouble in _of_lane(lane, now)),
        *(f"the database {trouble}" for trouble in _of_database(signs.database, now)),
        *(f"the relay {trouble}" for trouble in _of_relay(signs.relay, now)),
    ]


def _of_lane(lane: LaneSigns, now: float) -> Iterable[str]:
    if not lane.ready:
        yield "has not joined its group yet"
        return
    if now - lane.polled_at > POLLED_WITHIN_S:
        yield f"has been at the same work for {now - lane.polled_at:.0f} s"
    if lane.heard_at is None:
        yield "is not in its group"
    elif now - lane.heard_at > HEARD_WITHIN_S:
        yield f"has heard nothing from its group's coordinator for {now - lane.heard_at:.0f} s"


def _of_database(database: DatabaseSigns, now: float) -> Iterable[str]:
    if database.trouble:
        yield f"does not answer: {database.trouble}"
    elif now - database.answered_at > ANSWERED_WITHIN_S:
        yield f"has not answered for {now - database.answered_at:.0f} s"


def _of_relay(relay: RelaySigns, now: float) -> Iterable[str]:
    if relay.trouble:
        yield f"cannot work: {relay.trouble}"
    elif relay.post == NO_POST:
        yield "has not taken its post yet"
    elif now - max(relay.turned_at, relay.quiet_until) > TURNED_WITHIN_S:
        yield f"has given no sign for {now - relay.turned_at:.0f} s"


class HealthFile:
    """The file, each time replaced as a whole. Without a path nothing is written."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def good(self, details: Sequence[str]) -> None:
        self._replace("\n".join(["healthy", *details]), None)

    def bad(self, reasons: Sequence[str]) -> None:
        self._replace("\n  ".join(["not healthy:", *reasons]), 0.0)

    def remove(self) -> None:
        if self._path:
            self._path.unlink(missing_ok=True)

    def _replace(self, text: str, dated: float | None) -> None:
        if self._path is None:
            return
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            part.write_text(f"{text}\n", encoding="utf-8")
            if dated is not None:
                os.utime(part, (dated, dated))
            part.replace(self._path)
        except OSError as error:
            raise Unfit(f"REFILL_READY_FILE names a file that cannot be written: {error.strerror}") from None


class Watch:
    """A thread's target: judges each second, writes the file, logs each change."""

    def __init__(
        self,
        file: HealthFile,
        signs: Callable[[], Signs],
        stopping: threading.Event,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._file = file
        self._signs = signs
        self._stopping = stopping
        self._look_every_s = look_every_s

    def run(self) -> None:
        """Until the worker stops; whoever stops it removes the file."""
        healthy: bool | None = None
        told: list[str] | None = None
        while not self._stopping.wait(FIRST_LOOKS_EVERY_S if healthy is None else self._look_every_s):
            signs = self._signs()
            reasons = judge(signs, monotonic())
            if not reasons:
                self._file.good(_details(signs))
            elif reasons != told:
                self._file.bad(reasons)
            told = reasons
            if healthy is None and reasons:
                continue
            if healthy is None:
                log.info("worker.ready", lanes=[lane.name for lane in signs.lanes])
            elif healthy and reasons:
                log.warning("worker.unhealthy", reasons=reasons)
            elif not healthy and not reasons:
                log.info("worker.healthy")
            healthy = not reasons


def _details(signs: Signs) -> list[str]:
    lanes = ", ".join(lane.name for lane in signs.lanes)
    return [f"lanes in their groups: {lanes}", "the database answers", f"the relay is {signs.relay.post}"]
