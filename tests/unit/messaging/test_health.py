"""Healthy or not, and why, by the signs of lanes, database and relay; and the file that says so."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from shared.messaging.failures import Unfit
from shared.messaging.health import (
    ANSWERED_WITHIN_S,
    HEARD_WITHIN_S,
    NO_POST,
    POLLED_WITHIN_S,
    TURNED_WITHIN_S,
    DatabaseSigns,
    HealthFile,
    LaneSigns,
    RelaySigns,
    Signs,
    Watch,
    judge,
)

NOW = 1_000.0
LANE = LaneSigns("commands", ready=True, polled_at=NOW, heard_at=NOW)
DATABASE = DatabaseSigns(NOW, None)
RELAY = RelaySigns("active", NOW, NOW, None)
WELL = Signs((replace(LANE, name="directory"), LANE), DATABASE, RELAY)


def test_all_well_is_healthy() -> None:
    assert judge(WELL, NOW) == []


@pytest.mark.parametrize(
    "signs",
    [
        replace(WELL, lanes=(replace(LANE, polled_at=NOW - POLLED_WITHIN_S),)),
        replace(WELL, lanes=(replace(LANE, heard_at=NOW - HEARD_WITHIN_S),)),
        replace(WELL, database=replace(DATABASE, answered_at=NOW - ANSWERED_WITHIN_S)),
        replace(WELL, relay=replace(RELAY, turned_at=NOW - TURNED_WITHIN_S)),
        replace(WELL, relay=replace(RELAY, turned_at=NOW - 100, quiet_until=NOW + 1)),
        replace(WELL, relay=replace(RELAY, post="standing by")),
    ],
    ids=["a long batch", "a missed heartbeat", "a slow answer", "a slow turn", "waiting as it must", "standing by"],
)
def test_what_may_happen_in_a_healthy_worker_is_no_trouble(signs: Signs) -> None:
    assert judge(signs, NOW) == []


@pytest.mark.parametrize(
    ("signs", "told"),
    [
        (replace(WELL, lanes=(replace(LANE, ready=False),)), "lane commands has not joined its group yet"),
        (replace(WELL, lanes=(replace(LANE, heard_at=None),)), "lane commands is not in its group"),
        (
            replace(WELL, lanes=(replace(LANE, polled_at=NOW - POLLED_WITHIN_S - 1),)),
            "lane commands has been at the same work for 121 s",
        ),
        (
            replace(WELL, lanes=(replace(LANE, heard_at=NOW - HEARD_WITHIN_S - 1),)),
            "lane commands has heard nothing from its group's coordinator for 9 s",
        ),
        (replace(WELL, database=DatabaseSigns(NOW, "it is away")), "the database does not answer: it is away"),
        (
            replace(WELL, database=replace(DATABASE, answered_at=NOW - ANSWERED_WITHIN_S - 1)),
            "the database has not answered for 11 s",
        ),
        (replace(WELL, relay=replace(RELAY, trouble="no ack")), "the relay cannot work: no ack"),
        (replace(WELL, relay=replace(RELAY, post=NO_POST)), "the relay has not taken its post yet"),
        (
            replace(WELL, relay=replace(RELAY, turned_at=NOW - 40, quiet_until=NOW - TURNED_WITHIN_S - 1)),
            "the relay has given no sign for 40 s",
        ),
    ],
)
def test_each_trouble_is_said(signs: Signs, told: str) -> None:
    assert judge(signs, NOW) == [told]


def test_all_troubles_are_said_together() -> None:
    ill = Signs(
        tuple(replace(lane, heard_at=None) for lane in WELL.lanes),
        replace(DATABASE, trouble="gone"),
        replace(RELAY, trouble="gone"),
    )
    assert len(judge(ill, NOW)) == 4


def test_the_file_is_fresh_while_healthy_and_never_while_not(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    file = HealthFile(path)
    file.bad(["one", "two"])
    assert path.read_text() == "not healthy:\n  one\n  two\n"
    assert path.stat().st_mtime == 0
    file.good(["the relay is active"])
    assert path.read_text() == "healthy\nthe relay is active\n"
    assert path.stat().st_mtime > 0
    file.remove()
    assert list(tmp_path.iterdir()) == []
    file.remove()


def test_a_file_that_cannot_be_written_is_a_flaw_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="REFILL_READY_FILE names a file that cannot be written: No such file"):
        HealthFile(tmp_path / "nowhere" / "ready").good([])


def test_the_watch_writes_what_it_finds_and_changes_its_mind(tmp_path: Path) -> None:
    path = tmp_path / "ready"
    stopping = threading.Event()
    told: list[str] = []
    course = iter(
        [replace(WELL, lanes=(replace(LANE, ready=False),)), WELL, replace(WELL, relay=replace(RELAY, trouble="x"))]
    )

    def signs() -> Signs:
        told.append(path.read_text().splitlines()[0] if path.exists() else "")
        following = next(course, None)
        if following is None:
            stopping.set()
        later = time.monotonic()
        fresh = following or WELL
        lanes = tuple(replace(lane, polled_at=later, heard_at=later) for lane in fresh.lanes)
        return Signs(lanes, DatabaseSigns(later, None), replace(fresh.relay, turned_at=later, quiet_until=later))

    Watch(HealthFile(path), signs, stopping, look_every_s=0.01).run()

    assert told == ["", "not healthy:", "healthy", "not healthy:"]
    assert path.read_text().startswith("healthy\n")
