"""What tests on whole compose projects tell at the end of a run, in the process that prints."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.containers.faults import figures
from tests.containers.operations import log

COUNTS = "counts of a fault"
NOTES = "notes of an operation"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Gives a fault's counts and an operation's notes to the report on the test, which reaches the first process of
    xdist."""
    report = yield
    if call.when == "call":
        report.user_properties.extend((COUNTS, row) for row in figures.NEW)
        report.user_properties.extend((NOTES, line) for line in log.NEW)
        figures.NEW.clear()
        log.NEW.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Notes and counts, whether or not anybody asked for output."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    for line in (line for report in reports for name, line in report.user_properties if name == NOTES):
        terminalreporter.write_line(line)
    rows = [row for report in reports for name, row in report.user_properties if name == COUNTS]
    for line in figures.table(rows):
        terminalreporter.write_line(line)
    if figures.write(rows):
        terminalreporter.write_line(f"written to docs/{figures.FILE.name}")
