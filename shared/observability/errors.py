"""An error in words that may be logged: which, why and where, without the values that it may carry along."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
from pydantic import ValidationError

from shared.observability.redaction import safe_text

_ROOT = Path(__file__).parents[2]
_MAX_FRAMES = 12


def describe(error: BaseException) -> str:
    """The error's kind and reason in one line. Values from rows and messages are left out."""
    name = type(error).__name__
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        # The detail ("Key (email)=(...) already exists") quotes the row: left out.
        return safe_text(" ".join(filter(None, [name, error.sqlstate, error.diag.message_primary])))
    if isinstance(error, ValidationError):
        flaws = error.errors(include_input=False, include_context=False, include_url=False)
        places = ", ".join(f"{'.'.join(str(part) for part in flaw['loc'])} ({flaw['type']})" for flaw in flaws[:5])
        return f"{name} of {error.title}: {places}"
    return f"{name}: {safe_text(' '.join(str(error).split()))}" if str(error) else name


def place(error: BaseException) -> str:
    """The line of our own code nearest to where the error arose."""
    own = [frame for frame in frames(error) if "site-packages" not in frame]
    return own[-1] if own else "nowhere"


def frames(error: BaseException) -> list[str]:
    """The innermost calls, as `file:line function`; no source text and no values."""
    return list(_frames(error))[-_MAX_FRAMES:]


def _frames(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        shown = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
        yield f"{shown}:{frame.lineno} {frame.name}"
