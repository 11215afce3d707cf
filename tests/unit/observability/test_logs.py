"""Log lines: one event name and fields; JSON for machines; libraries through the same door; no secrets."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from shared.observability import logs


class Terminal(io.StringIO):
    """A stream that says that a person looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_fields_and_a_time_in_utc() -> None:
    stream = io.StringIO()
    logs.configure("auto", "billing", stream)
    structlog.get_logger().info("purchase.paid", purchase_id="p1", lines=2)
    (line,) = _lines(stream)
    assert datetime.fromisoformat(line.pop("time")).utcoffset() == timedelta(0)
    assert line == {"event": "purchase.paid", "level": "info", "service": "billing", "purchase_id": "p1", "lines": 2}


def test_a_terminal_gets_lines_for_people() -> None:
    stream = Terminal()
    logs.configure("auto", "billing", stream)
    structlog.get_logger().info("purchase.paid", purchase_id="p1")
    assert "purchase.paid" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


@pytest.mark.case(23)
def test_secrets_do_not_reach_the_stream_in_either_format() -> None:
    for format_ in ("json", "console"):
        stream = io.StringIO()
        logs.configure(format_, "billing", stream)
        structlog.get_logger().warning("stripe.away sk_test_1", client_secret="pi_1_secret_2", note="a@b.example")
        for leaked in ("sk_test_1", "pi_1_secret_2", "a@b.example"):
            assert leaked not in stream.getvalue()


@pytest.mark.case(23)
def test_an_exception_tells_its_kind_and_place_and_no_values() -> None:
    stream = io.StringIO()
    logs.configure("json", "billing", stream)
    try:
        raise ValueError("postgresql://u:hunter2@h/d")
    except ValueError:
        structlog.get_logger().exception("errand.failed", ref="r1")
    (line,) = _lines(stream)
    assert line["error"] == "ValueError: postgresql://[redacted]h/d"
    assert line["trace"][-1].startswith("tests/unit/observability/test_logs.py:")


def test_libraries_speak_at_warning_and_above_through_the_same_door() -> None:
    stream = io.StringIO()
    logs.configure("json", "billing", stream)
    logging.getLogger("stripe").info("request to somewhere")
    logging.getLogger("uvicorn.error").warning("slow %s", "client 10.0.0.1 sk_test_9")
    (line,) = _lines(stream)
    assert line["event"] == "slow client 10.0.0.1 [redacted]"
    assert (line["logger"], line["level"], line["service"]) == ("uvicorn.error", "warning", "billing")


def test_an_exception_in_a_library_is_told_like_our_own() -> None:
    stream = io.StringIO()
    logs.configure("json", "billing", stream)
    try:
        raise RuntimeError("whsec_12345")
    except RuntimeError:
        logging.getLogger("uvicorn.error").exception("failed")
    (line,) = _lines(stream)
    assert line["error"] == "RuntimeError: [redacted]"
    assert "whsec_12345" not in stream.getvalue()


def test_python_warnings_become_log_lines() -> None:
    stream = io.StringIO()
    logs.configure("json", "billing", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old thing", stacklevel=1)
    (line,) = _lines(stream)
    assert "old thing" in line["event"]
    assert line["level"] == "warning"
