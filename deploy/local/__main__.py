"""`python -m deploy.local up | down`: the embedded stack in the foreground, and its end from another terminal."""

import argparse
import sys

from deploy.local.up import down, run_up

ORDERS = {"up": run_up, "down": down}


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("order", choices=ORDERS)
    return ORDERS[parser.parse_args().order]()


if __name__ == "__main__":
    sys.exit(main())
