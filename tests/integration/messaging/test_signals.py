"""A worker is told to stop at any moment of its life, and hears it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from deploy.local.run_folder import PROJECT

# The main thread takes no signal here and waits without end, as it does for its crew: another thread has to take it.
DEAF = """
import signal, threading
from shared.messaging.signals import stop_on_signals

over = threading.Event()
stop_on_signals(over.set)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
print("waiting", flush=True)
over.wait()
print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heard_although_the_main_thread_never_runs_its_handler(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"

        process.send_signal(number)

        try:
            told, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert told.endswith("stopped\n")
