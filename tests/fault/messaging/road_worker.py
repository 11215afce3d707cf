"""A worker of the small service of the road's tests, as a process of its own that can be killed.

`python -m tests.fault.messaging.road_worker <database url>`, Kafka by the environment; SIGTERM stops it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace

from shared.messaging.clock import SystemClock
from shared.messaging.consumer import LaneConsumer
from shared.messaging.relay import Relay
from shared.messaging.settings import ClientSettings, load_settings
from shared.postgres.pool import Database
from tests.integration.messaging.road_service import COMMANDS, DIRECTORY, SCHEMA, SERVICE, Notebook


def main(url: str) -> None:
    stopping = threading.Event()
    settings = replace(load_settings(ClientSettings).kafka(), delivery_timeout_ms=2_000, poll_timeout_ms=100)
    database = Database(url, "road-worker", SCHEMA)
    targets: list[Callable[[], None]] = [Relay(SERVICE, SCHEMA, database, settings, stopping).run]
    for lane in (DIRECTORY, COMMANDS):
        targets.append(LaneConsumer(SERVICE, lane, database, settings, Notebook, SystemClock(), stopping).run)

    def guarded(target: Callable[[], None]) -> None:
        try:
            target()
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(3)

    threads = [threading.Thread(target=guarded, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
