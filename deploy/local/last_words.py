"""Why a process ended, in its own words: the last it said about it in its log."""

from itertools import takewhile
from pathlib import Path

from deploy.local.log_view import fields_of, readable

LOOK_BACK_BYTES = 65_536  # many times what a worker says at its end


def last_words(log: Path) -> str:
    """What stands unstructured at the end, as wrong settings do; else the last ERROR line; else the last line."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOOK_BACK_BYTES))
        lines = [line for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    backwards = lines[::-1]
    told = list(takewhile(lambda line: fields_of(line) is None, backwards))[::-1]
    if told:
        return "\n".join(told)
    errors = (line for line in backwards if (fields_of(line) or {}).get("level") == "error")
    return readable(next(errors, lines[-1])).plain.rstrip() if lines else "nothing"
