"""One closing line for several runs of pytest, in pytest's own form, and one exit code.

`closing_line.py NAME CODE LOG ...`: for each run its name, its exit code and the file with what it printed. A run that
ended before pytest closed counts as one error, so that nobody takes the others' good news for the whole.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ORDER = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warning", "error")  # pytest's own
PLURALS = {"warning": "warnings", "error": "errors"}  # the only words that pytest bends
BAD = ("failed", "error")
WIDTH = 80  # what pytest takes when nothing tells it how wide a terminal is

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COUNTS = r"no tests ran|(?P<counts>\d+ [a-z]+(?:, \d+ [a-z]+)*)"
LINE = re.compile(rf"(?:=+ )?(?:{COUNTS}) in (?P<seconds>\d+\.\d+)s(?: \([^)]*\))?(?: =+)?")


@dataclass(frozen=True)
class Closing:
    """How many tests ended how, and how many seconds they took."""

    counts: Counter[str]
    seconds: float

    @property
    def bad(self) -> bool:
        return any(self.counts[word] for word in BAD)

    def __str__(self) -> str:
        words = [f"{count} {_bent(word, count)}" for word in ORDER if (count := self.counts[word])]
        took = f"{self.seconds:.2f}s"
        if self.seconds >= 60:
            took += f" ({timedelta(seconds=int(self.seconds))})"
        return f" {', '.join(words) or 'no tests ran'} in {took} ".center(WIDTH, "=")


def read(printed: str) -> Closing | None:
    """The last closing line in what a run printed; None when pytest never closed."""
    for line in reversed(COLOURS.sub("", printed).splitlines()):
        if found := LINE.fullmatch(line.strip()):
            pairs = [part.split(" ") for part in (found["counts"] or "").split(", ") if part]
            counts = Counter({_straight(word): int(count) for count, word in pairs})
            return Closing(counts, float(found["seconds"]))
    return None


def added_up(closings: Iterable[Closing | None]) -> Closing:
    """All of them as one; who never closed is one error."""
    known = [closing or Closing(Counter(error=1), 0.0) for closing in closings]
    return Closing(sum((one.counts for one in known), Counter()), sum(one.seconds for one in known))


def exit_code(codes: Iterable[int], closing: Closing) -> int:
    """The first that is not 0; 1 when all are 0 and yet something failed."""
    return next((code for code in codes if code), int(closing.bad))


def main(words: Sequence[str]) -> int:
    runs = [(name, int(code), Path(log)) for name, code, log in zip(words[::3], words[1::3], words[2::3], strict=True)]
    closings = [read(log.read_text(errors="replace")) for _, _, log in runs]
    for (name, code, _), closing in zip(runs, closings, strict=True):
        how = str(closing).strip("= ") if closing else f"ended before pytest did (exit code {code})"
        sys.stdout.write(f"{name}: {how}\n")
    total = added_up(closings)
    sys.stdout.write(f"{total}\n")
    return exit_code((code for _, code, _ in runs), total)


def _bent(word: str, count: int) -> str:
    return PLURALS.get(word, word) if count != 1 else word


def _straight(word: str) -> str:
    return next((one for one, many in PLURALS.items() if word == many), word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
