"""Which of the collected tests the chosen stack runs, in which order, and a word at the end about those it does not."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from deploy.local.run_folder import PROJECT
from tests.stack import choice

EMBEDDED_MARKER = "embedded(reason): this test is about the embedded stack itself; not run on containers"
NO_ENGINE_VARIABLE = "REFILL_TEST_NO_ENGINE"
"""Why no engine answers, found by the run's first process."""

SYSTEMS = ("town", "site")
"""Whole systems that many tests of a process share and that take longer to start than any of them takes."""
WHOLE_STACKS = Path("tests", "containers")  # there each file shares a stack

DESELECTED = pytest.StashKey[Counter[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On containers: leaves out what is marked `embedded`; skips everything else when there is no engine."""
    if choice.name() != choice.CONTAINERS:
        return
    left_out = {item: marker.args[0] for item in items if (marker := item.get_closest_marker("embedded"))}
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
        _remember(config, Counter(left_out.values()))
    _keep_together(items)
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


def _keep_together(items: list[pytest.Item]) -> None:
    """Tests that share a system stay in one process of xdist (`--dist loadgroup`), and the longest begin first."""
    for item in items:
        if group := _group(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    """How early it begins: a long test at the end leaves the other processes idle."""
    if item.path.relative_to(PROJECT).is_relative_to(WHOLE_STACKS):
        return 0
    if _group(item):
        return 1
    return 2 if "world" in getattr(item, "fixturenames", ()) else 3


def _group(item: pytest.Item) -> str:
    """Empty for a test that any process may run."""
    path = item.path.relative_to(PROJECT)
    shared = [name for name in SYSTEMS if name in getattr(item, "fixturenames", ())]
    if path.is_relative_to(WHOLE_STACKS):
        return f"{WHOLE_STACKS}/{shared[0] if shared else path.name}"
    return shared[0] if shared else ""


def _remember(config: pytest.Config, left_out: Counter[str]) -> None:
    config.stash[DESELECTED] = left_out
    output: dict[str, object] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(left_out)
