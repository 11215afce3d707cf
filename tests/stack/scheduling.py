"""Which tests stay in one process of xdist on containers: those that share a system which takes longer to start than
any of them takes, and whole compose projects, of which two at a time are as much as two cores bear.

xdist's own `loadgroup` is not it: 3.8.0 writes a group into a test's name in a way that pytest 9.2 no longer reads, so
that every test is sent anywhere. By the place of a test's file it can be said without names.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

from tests.stack import choice

TOGETHER = (
    "tests/containers/faults/",
    "tests/containers/",
    "tests/e2e/cli/",
    "tests/e2e/",
)
"""Folders whose tests stay together, the narrower before the wider."""


def scope(nodeid: str) -> str:
    """The folder with which this test goes; the test itself where any process may run it."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)


class ByPlace(LoadScopeScheduling):  # type: ignore[misc]  # xdist's schedulers count as untyped
    """Sends tests that belong together to one process, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling | None:
    """Ours on containers; on the embedded stack whatever `--dist` says."""
    return ByPlace(config, log) if choice.name() == choice.CONTAINERS else None
