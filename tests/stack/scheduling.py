"""Which tests stay in one process of xdist, and which begin first.

Together stay tests that share what takes longer to start than any of them takes. First begin those that take longest:
a long test at the end leaves the other processes idle. xdist's own `loadgroup` is not it: 3.8.0 writes a group into a
test's name in a way that pytest 9.2 no longer reads; and its `worksteal` gives to each process what stands together.
By the place of a test's file it can be said without names.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

from tests.stack import choice

ON_CONTAINERS = (
    "tests/containers/faults/",
    "tests/e2e/cli/",
    "tests/e2e/",
    "tests/containers/operations/",
    "tests/containers/",
)
"""Folders whose tests stay together, the last with those of their file; all other tests go one by one. In this order
they begin: a whole compose project is as much as one core bears."""

EMBEDDED = (
    "tests/e2e/story/",
    "tests/e2e/",
    "tests/fault/",
    "tests/integration/local/",
    "tests/integration/messaging/",
    "tests/integration/",
    "tests/property/",
    "tests/contract/",
    "tests/architecture/",
    "tests/unit/",
)
"""In this order they begin."""

ORDER = {choice.EMBEDDED: EMBEDDED, choice.CONTAINERS: ON_CONTAINERS}
WHOLE_FOLDERS = {
    choice.EMBEDDED: ("tests/e2e/story/", "tests/e2e/", "tests/architecture/", "tests/unit/"),
    choice.CONTAINERS: ON_CONTAINERS[:-1],
}
ONE_BY_ONE = {
    choice.EMBEDDED: ("tests/fault/", "tests/integration/local/"),
    choice.CONTAINERS: ("",),  # what is in none of the folders
}
"""All others stay with those of their file."""


def scope(nodeid: str) -> str:
    """What this test goes with: its folder, its file, or nothing but itself."""
    folder = _folder(nodeid, _order())
    if folder in WHOLE_FOLDERS[choice.name()]:
        return folder
    return nodeid if folder in ONE_BY_ONE[choice.name()] else nodeid.partition("::")[0]


def rank(nodeid: str) -> int:
    """How early it begins."""
    folder = _folder(nodeid, _order())
    return _order().index(folder) if folder else len(_order())


def _order() -> tuple[str, ...]:
    return ORDER[choice.name()]


def _folder(nodeid: str, folders: tuple[str, ...]) -> str:
    return next((folder for folder in folders if nodeid.startswith(folder)), "")


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]  # xdist's schedulers count as untyped
    """Sends tests that belong together to one process, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Ours, whatever `--dist` says; `--no-loadscope-reorder` keeps our order."""
    return ByPlace(config, log)
