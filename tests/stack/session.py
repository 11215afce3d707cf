"""The beginning and end of a pytest run, over all processes of xdist."""

from __future__ import annotations

import os

import pytest

from deploy.local.run_folder import RUNS, clean_up_abandoned
from deploy.local.trouble import Trouble
from tests.stack import choice, memory
from tests.stack.fixtures import SHARED
from tests.stack.selection import EMBEDDED_MARKER, NO_ENGINE_VARIABLE
from tests.stack.shared_server import RUN_VARIABLE, wait_for_the_end

# kafka-python 3.0.12 reads its schemas by functions that Python 3.11 and 3.12 call deprecated; 3.13 took that back.
KAFKA_PYTHON_SCHEMAS = r"ignore:(read|open)_text is deprecated:DeprecationWarning"
# It forgets sockets of connections that broke; Python says so when it finds them, to whichever test runs just then.
KAFKA_PYTHON_SOCKETS = r"ignore:unclosed <socket\.socket:ResourceWarning"


def pytest_configure(config: pytest.Config) -> None:
    """Names the run in its first process, and clears away what runs that were killed have left."""
    for warning in (KAFKA_PYTHON_SCHEMAS, KAFKA_PYTHON_SOCKETS):
        config.addinivalue_line("filterwarnings", warning)
    config.addinivalue_line("markers", EMBEDDED_MARKER)
    if not _is_xdist_worker(config):
        os.environ[RUN_VARIABLE] = f"test-{os.getpid()}"
        if choice.name() == choice.EMBEDDED:
            memory.choose()
        for runs in {RUNS, memory.runs()}:
            if runs.exists():
                clean_up_abandoned(runs, prefix="test-")
        if choice.name() == choice.CONTAINERS:
            _prepare_containers()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Gives the servers back; the run's first process, which ends last, waits until they are gone."""
    for server in SHARED.values():
        server.give_back()
    if not _is_xdist_worker(config) and RUNS.exists():
        wait_for_the_end()


def _prepare_containers() -> None:
    """Without an engine a run fails where it must not be missing (CI is set), and skips every test elsewhere."""
    from deploy.compose.engine import require_engine
    from tests.stack.containers.engine import remove_abandoned
    from tests.stack.containers.image import build_image

    os.environ.pop(NO_ENGINE_VARIABLE, None)
    try:
        require_engine()
    except Trouble as trouble:
        if os.environ.get("CI"):
            pytest.exit(str(trouble), returncode=pytest.ExitCode.TESTS_FAILED)
        os.environ[NO_ENGINE_VARIABLE] = str(trouble)  # inherited by the workers of xdist
        return
    remove_abandoned()
    try:
        build_image()
    except Trouble as trouble:
        pytest.exit(str(trouble), returncode=pytest.ExitCode.TESTS_FAILED)


def _is_xdist_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
