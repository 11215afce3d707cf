"""How a command ends: exit codes, and the problems that a person is told about."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    REFUSED = 1  # a business answer: refused, declined, cancelled; or lines of a file that could not be taken
    USAGE = 2  # the command or its settings are wrong; nothing was sent
    NO_ANSWER = 3  # the answer did not come in time, or Kafka is not there; the outcome is unknown


class Problem(Exception):
    """Something a person can mend: `what` is wrong and where, and the `mend`."""

    def __init__(self, what: str, mend: str, code: Exit) -> None:
        super().__init__(f"{what} {mend}")
        self.what = what
        self.mend = mend
        self.code = code
