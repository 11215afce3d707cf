"""A mail server that keeps every mail as it arrived and delivers none: `python -m deploy.local.mail_sink`.

Each mail becomes `<number>.eml`, byte for byte, and `<number>.json`, the envelope's sender and recipients, in a folder.
What it does with the next mail stands in its mood file, read anew for each command, so that a test can play a mail
server that refuses, hangs, or takes the mail and never says so.
"""

import argparse
import asyncio
import itertools
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.ports import LOOPBACK

LARGEST_MAIL_BYTES = 1_048_576  # ours are a few kilobytes; what is larger is a bug worth a refusal

ACCEPT = "accept"
REFUSE = "refuse"
REJECT = "reject"
HANG = "hang"
HANG_AFTER = "hang-after"
MOODS = {
    ACCEPT: "takes every mail",
    REFUSE: "answers 451 to every recipient: try later",
    REJECT: "answers 550 to every recipient: never",
    HANG: "never answers MAIL FROM",
    HANG_AFTER: "keeps the mail and never answers that it did",
}


class _Sink:
    """The handler that aiosmtpd calls for each command of a client."""

    def __init__(self, folder: Path, mood_file: Path) -> None:
        self._folder = folder
        self._mood_file = mood_file
        self._numbers = _numbers_after(folder)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._mood() == HANG:
            await asyncio.Event().wait()
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = {REFUSE: "451 Try again later", REJECT: "550 No such mailbox"}.get(self._mood(), "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._keep(envelope)
        if self._mood() == HANG_AFTER:
            await asyncio.Event().wait()
        return "250 Kept"

    def _keep(self, envelope: Envelope) -> None:
        path = self._folder / f"{next(self._numbers):06}.eml"
        written = path.with_suffix(".part")
        written.write_bytes(envelope.original_content or b"")
        people = {"sender": envelope.mail_from, "recipients": envelope.rcpt_tos}
        path.with_suffix(".json").write_text(json.dumps(people))
        os.replace(written, path)  # last: a reader that sees the mail sees all of it

    def _mood(self) -> str:
        try:
            return self._mood_file.read_text().strip()
        except FileNotFoundError:
            return ACCEPT


def _numbers_after(folder: Path) -> Iterator[int]:
    return itertools.count(1 + max((int(path.stem) for path in folder.glob("*.eml")), default=0))


async def _serve(port: int, port_file: Path, folder: Path, mood_file: Path) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    sink = _Sink(folder, mood_file)
    server = await loop.create_server(
        lambda: SMTP(
            sink,
            data_size_limit=LARGEST_MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname="mail.refill.test",
            ident="Refill mail sink",
            loop=loop,
        ),
        LOOPBACK,
        port,
    )
    port_file.write_text(str(server.sockets[0].getsockname()[1]))
    await ended.wait()
    server.close()


def main() -> int:
    """Serves until it is asked to end."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mail_sink")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--port-file", type=Path, required=True, help="where the port is written when it is served")
    parser.add_argument("--folder", type=Path, required=True, help="where the mails are kept")
    parser.add_argument("--mood-file", type=Path, required=True, help=f"holds one of: {', '.join(MOODS)}")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(options.port, options.port_file, options.folder, options.mood_file))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
