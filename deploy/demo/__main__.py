"""`python -m deploy.demo [--json]`: play the story."""

import argparse
import sys

from deploy.demo.play import run


def main() -> int:
    """Returns the exit code: 0 when every expectation held."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the timeline")
    return run(parser.parse_args().json)


if __name__ == "__main__":
    sys.exit(main())
