"""A starter to be killed: holds a run with a PostgreSQL server and a mail sink, says so, and sleeps.

`python -m tests.integration.local.starter <runs folder> <run name>` prints the process ids of its children.
"""

import signal
import sys
import time
from pathlib import Path

from deploy.local.mailbox import Mailbox
from deploy.local.postgres import PostgresServer
from deploy.local.run_folder import RunFolder


def main(runs: Path, name: str) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started deaf to it
    run = RunFolder.claim(name, runs=runs)
    server = PostgresServer(run)
    server.start()
    Mailbox(run, run.path).server.start()
    print(server.pid, flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
