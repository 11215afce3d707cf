"""`python -m deploy.stripe_sandbox`: runs until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from deploy.stripe_sandbox.server import running


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="stripe_sandbox", description="A Stripe on this machine, for tests and the demo."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; the loopback unless you know why")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="written, whole, once requests are answered")
    parser.add_argument("--journal", type=Path, required=True, help="the append-only file of money, made if absent")
    parser.add_argument("--state-dir", type=Path, help="where the rest is kept; beside the journal by default")
    parser.add_argument("--webhook-url", help="where events are sent")
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument("--webhook-secret", help="what they are signed with, as whsec_...")
    secret.add_argument("--webhook-secret-file", type=Path, help="the file with it: a command line is seen by many")
    parser.add_argument("--public-url", help="where browsers reach it, when not by the address that its caller uses")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if options.webhook_secret_file:
        options.webhook_secret = options.webhook_secret_file.read_text(encoding="utf-8").strip()
    if bool(options.webhook_url) != bool(options.webhook_secret):
        print("--webhook-url and --webhook-secret go together", file=sys.stderr)
        return 2
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, end)
    at = (options.host, options.port, options.public_url)
    with running(options.journal, options.state_dir, *at) as (sandbox, url):
        if options.webhook_url:
            sandbox.webhooks.listen(options.webhook_url, options.webhook_secret)
        if options.port_file:
            publish(options.port_file, url.rpartition(":")[2])
        print(f"Stripe sandbox on {url}, journal {options.journal}", flush=True)
        ended.wait()
    return 0


def publish(path: Path, port: str) -> None:
    """Whole or not at all: whoever waits for the file reads a complete number."""
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(f"{port}\n")
    os.replace(draft, path)


if __name__ == "__main__":
    sys.exit(main())
