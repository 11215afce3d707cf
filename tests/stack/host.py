"""Hosts one server for all processes of a pytest run: `python -m tests.stack.host postgres <run name>`.

It lives while anyone holds the lease, a named pipe: the kernel tells it when the last holder is gone, however it went.
Then it stops the server cleanly, removes what else the run has left, and ends.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.local.kafka import KafkaBroker
from deploy.local.run_folder import RunFolder
from tests.stack.choice import stack
from tests.stack.kafka_address import written
from tests.stack.shared_server import runs_of


def _postgres(run: RunFolder) -> tuple[str, Callable[[], None]]:
    server = stack().shared_postgres(run)
    server.start()
    return server.url, server.stop


def _kafka(run: RunFolder) -> tuple[str, Callable[[], None]]:
    broker = stack().kafka(run)
    if isinstance(broker, KafkaBroker):
        broker.prepare_quick_starts()  # a run starts some twenty brokers
    broker.start()
    return written(broker.admin), broker.stop


SERVERS: dict[str, Callable[[RunFolder], tuple[str, Callable[[], None]]]] = {"postgres": _postgres, "kafka": _kafka}


def main(kind: str, run_name: str, lease: Path, address_file: Path) -> None:
    """Starts the server, writes its address, and stops it when the last holder of the lease is gone."""
    with RunFolder.claim(run_name, runs=runs_of(kind), keep=False) as run, lease.open("rb", buffering=0) as holders:
        address, stop = SERVERS[kind](run)
        part = address_file.with_suffix(".part")
        part.touch(0o600)
        part.write_text(address)
        os.replace(part, address_file)
        holders.read()
        stop()
    stack().remove_leftovers()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
