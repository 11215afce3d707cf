"""`python -m deploy.demo [--stack embedded|containers] [--json]`: play the story."""

import argparse
import signal
import sys
from types import FrameType

from deploy.demo.play import run
from deploy.demo.stacks import STACKS

SIGNALLED = 128  # a shell's way to say that a signal ended a process


def main() -> int:
    """Returns the exit code: 0 when every expectation held."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--stack", choices=tuple(STACKS), default="embedded", help="what it is played on")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the timeline")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    return run(options.stack, options.json)


def _leave(number: int, frame: FrameType | None) -> None:
    """What was started is stopped and removed on the way out."""
    raise SystemExit(SIGNALLED + number)


if __name__ == "__main__":
    sys.exit(main())
