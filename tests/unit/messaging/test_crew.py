"""A worker's threads live and die together."""

from __future__ import annotations

import threading

from shared.messaging.crew import Crew, EndedByItself

LONG_S = 30


def test_threads_end_when_the_worker_is_told_to() -> None:
    crew = Crew()
    crew.start("one", lambda: crew.stopping.wait(LONG_S))
    crew.stop()
    assert crew.join(LONG_S) == []
    assert crew.over.is_set()
    assert crew.failure is None


def test_the_death_of_one_thread_ends_the_worker_and_says_whose() -> None:
    crew = Crew()
    error = RuntimeError("cannot go on")

    def die() -> None:
        raise error

    crew.start("lane usage", die)
    assert crew.over.wait(LONG_S)
    assert crew.failure is not None
    assert (crew.failure.who, crew.failure.error) == ("lane usage", error)


def test_even_a_thread_that_exits_is_a_death() -> None:
    crew = Crew()

    def leave() -> None:
        raise SystemExit(0)

    crew.start("one", leave)
    assert crew.over.wait(LONG_S)
    assert crew.failure is not None
    assert isinstance(crew.failure.error, SystemExit)


def test_a_thread_that_returns_unasked_is_a_death() -> None:
    crew = Crew()
    crew.start("relay", lambda: None)
    assert crew.over.wait(LONG_S)
    assert crew.failure is not None
    assert isinstance(crew.failure.error, EndedByItself)


def test_the_first_reason_counts() -> None:
    crew = Crew()
    crew.fail("one", RuntimeError("first"))
    crew.fail("other", RuntimeError("second"))
    assert crew.failure is not None
    assert str(crew.failure.error) == "first"


def test_those_who_are_not_done_are_named() -> None:
    crew = Crew()
    closing = threading.Event()
    crew.start("relay", lambda: closing.wait(LONG_S), until=closing)
    crew.start("lane", lambda: crew.stopping.wait(LONG_S))
    crew.stop()
    assert crew.join(LONG_S, until=crew.stopping) == []
    assert crew.join(0) == ["relay"]
    closing.set()
    assert crew.join(LONG_S) == []
