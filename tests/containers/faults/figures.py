"""The counts of each fault, as they are printed at the end of the run and written for the documents to cite."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from deploy.local.run_folder import PROJECT

WRITE_VARIABLE = "REFILL_WRITE_FIGURES"
FILE = PROJECT / "docs" / "faults-in-containers.md"


@dataclass(frozen=True)
class Waits:
    """Seconds from the driver's first try to what it waited for, one for each id."""

    seconds: Sequence[float]

    def __str__(self) -> str:
        return f"{median(self.seconds):.1f} / {max(self.seconds):.1f}" if self.seconds else "-"


@dataclass(frozen=True)
class Figures:
    """One fault's row. Counts are of ids, not of messages, except where it says so."""

    fault: str
    lasted_s: float
    counts: Mapping[str, int]
    waits: Mapping[str, Waits]
    longest_send_s: float

    def row(self) -> Row:
        """Each cell under its column's head."""
        return {
            "fault": self.fault,
            "lasted s": f"{self.lasted_s:.0f}",
            **{what: str(number) for what, number in self.counts.items()},
            "outage s": f"{self.longest_send_s:.1f}",
            **{f"{what} s": str(waits) for what, waits in self.waits.items()},
        }


Row = Mapping[str, str]

NEW: list[Row] = []
"""Rows of the test that runs now, on their way to the report on it: what prints them may be another process."""


def table(rows: Sequence[Row]) -> list[str]:
    """As Markdown has it, its columns aligned for a terminal."""
    if not rows:
        return []
    cells = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    drawn = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    return [drawn[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *drawn[1:]]


def write(rows: Sequence[Row]) -> bool:
    """Writes the document when it was asked for; faults that this run left out keep the row of their last one.

    Returns whether it did.
    """
    if not rows or not os.environ.get(WRITE_VARIABLE):
        return False
    latest = {row["fault"]: row for row in (*_written(list(rows[0])), *rows)}
    FILE.write_text("\n".join([HEAD, *table(list(latest.values())), "", FOOT]), encoding="utf-8")
    return True


def _written(heads: list[str]) -> list[Row]:
    """The rows that the document has, if its columns are still these."""
    if not FILE.exists():
        return []
    lines = [line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(heads, row, strict=True)) for row in cells[1:]] if cells and cells[0] == heads else []


HEAD = f"""# Faults in containers

Written by `{WRITE_VARIABLE}=1 .venv/bin/python -m pytest tests/containers/faults`; nobody edits it. Each row is the
last run of one test on a whole compose project: purchases and usage flow from a driver that remembers every id it
sent, the fault strikes, it passes, and when all is quiet four oracles are held against the driver's memory, id by id:
the Stripe sandbox's journal on disk, plain SQL as the auditor, a plain Kafka consumer that reads the whole log, and the
mail server. Seconds are those of the machine that ran it, and of whatever else it did; counts do not depend on it.
"""

FOOT = """- **purchases**, **usages**: ids sent; a third of the commands and a quarter of the usages go out twice.
- **sent again**: messages that Kafka did not confirm in time, sent once more by the driver under the same ids.
- **charged**, **credited**, **refused** (a viewer may not buy; a declined card), **burned**, **refused usages** (more
  than anybody has), **receipts** (mails): as the oracles found them.
- **lost**, **twice**: ids of which any oracle found less, or more, than there must be.
- **repeats**: events that stand in the log again under the same id (the answer to a usage that was sent twice does),
  and mails that came again under the same Message-ID. At-least-once promises both; whoever reads drops them.
- **lasted**: from the fault to its end by hand. **outage**: the longest that the driver waited until Kafka had taken a
  message. **credited**, **usage**, **told**: median / longest wait from the first try to send until the purchase was
  credited, the usage answered, the receipt told in-app.
- No failure in N trials bounds the rate at about 3/N: N is the number of ids in the row.
"""
