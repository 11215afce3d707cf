"""Log lines: one event name and fields. Readable on a terminal, JSON otherwise; libraries use the same door."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.types import Processor

from shared.observability.errors import describe, frames
from shared.observability.redaction import redact, safe_text

# Fields that the runtime itself writes; their content is no one's secret.
_OWN = frozenset({"event", "level", "time", "service", "logger"})


def configure(log_format: Literal["auto", "console", "json"], service: str, stream: TextIO | None = None) -> None:
    """Set up logging for the process, to standard error unless told otherwise. `auto`: readable on a terminal."""
    output = stream or sys.stderr
    readable = log_format == "console" or (log_format == "auto" and output.isatty())
    chain = _chain(service)
    renderer = _renderer(readable=readable, colors=output.isatty())
    structlog.configure(
        processors=[*chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(output),
        cache_logger_on_first_use=False,  # lines are few; tests configure anew
    )
    _route_libraries(chain, renderer, output)


def _chain(service: str) -> list[Processor]:
    def add_service(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        fields["service"] = service
        return fields

    return [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        add_service,
        _explain_error,
        _redact,
    ]


def _renderer(*, readable: bool, colors: bool) -> Processor:
    if readable:
        return structlog.dev.ConsoleRenderer(colors=colors, timestamp_key="time")
    return structlog.processors.JSONRenderer(serializer=lambda line, **_: orjson.dumps(line).decode())


def _explain_error(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Turn exception information into words: a stock traceback would print messages with values in them."""
    given = fields.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(error, BaseException):
        fields["error"] = describe(error)
        fields["trace"] = frames(error)
    return fields


def _redact(_: object, __: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    own = {name: value for name, value in fields.items() if name in _OWN or name.startswith("_")}
    own["event"] = safe_text(str(own.get("event", "")))
    return {**own, **redact({name: value for name, value in fields.items() if name not in own})}


def _route_libraries(chain: list[Processor], renderer: Processor, output: TextIO) -> None:
    """Everything that libraries (kafka, stripe, uvicorn) log at WARNING or above, through the same processors."""
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *chain],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
