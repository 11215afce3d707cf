"""Which of the collected tests the chosen stack runs, in which order, and a word at the end about those it does not."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.stack import choice
from tests.stack.scheduling import rank

EMBEDDED_MARKER = "embedded(reason): this test is about the embedded stack itself; not run on containers"
NO_ENGINE_VARIABLE = "REFILL_TEST_NO_ENGINE"
"""Why no engine answers, found by the run's first process."""

DESELECTED = pytest.StashKey[Counter[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts first what takes longest. On containers: leaves out what is marked `embedded`; skips everything else when
    there is no engine."""
    items.sort(key=_rank)
    if choice.name() != choice.CONTAINERS:
        return
    left_out = {item: marker.args[0] for item in items if (marker := item.get_closest_marker("embedded"))}
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
        _remember(config, Counter(left_out.values()))
    if trouble := os.environ.get(NO_ENGINE_VARIABLE):
        for item in items:
            item.add_marker(pytest.mark.skip(reason=trouble))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """A worker of xdist has ended: its first process takes over what it has counted. All of them collect the same."""
    told: dict[str, int] = getattr(node, "workeroutput", {}).get("left_out", {})
    if told:
        node.config.stash[DESELECTED] = Counter(told)  # type: ignore[attr-defined]  # xdist has no types for it


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says what was left out on this stack, and why."""
    for reason, count in sorted(config.stash.get(DESELECTED, Counter()).items()):
        terminalreporter.write_line(f"DESELECTED [{count}] on containers: {reason}")


def _rank(item: pytest.Item) -> tuple[int, bool]:
    return rank(item.nodeid), "world" not in getattr(item, "fixturenames", ())


def _remember(config: pytest.Config, left_out: Counter[str]) -> None:
    config.stash[DESELECTED] = left_out
    output: dict[str, object] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(left_out)
