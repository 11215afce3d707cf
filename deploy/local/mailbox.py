"""The mail sink as its starter sees it: start and end it, set its mood, read what arrived."""

import email
import email.policy
import json
import sys
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from deploy.local.listener import Listener
from deploy.local.mail_sink import MOODS
from deploy.local.run_folder import RunFolder


@dataclass(frozen=True)
class Mail:
    """One mail as it arrived: its bytes, and the sender and recipients that the SMTP client named."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]

    @property
    def message(self) -> EmailMessage:
        """The parsed mail."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)


def read_mails(folder: Path) -> list[Mail]:
    """The mails that a sink has kept in the folder, in the order of their arrival."""
    mails: list[Mail] = []
    for path in sorted(folder.glob("*.eml")):
        people = json.loads(path.with_suffix(".json").read_text())
        mails.append(Mail(path.read_bytes(), people["sender"], tuple(people["recipients"])))
    return mails


class Mailbox:
    """A mail server of one world, a process of its own."""

    def __init__(self, run: RunFolder, folder: Path) -> None:
        self.folder = folder / "mail"
        self._mood_file = folder / "mail-mood"
        words = ["--folder", str(self.folder), "--mood-file", str(self._mood_file)]
        command = [sys.executable, "-m", "deploy.local.mail_sink", *words]
        self.server = Listener("mail-sink", command, run, folder)

    def mails(self) -> list[Mail]:
        """What arrived so far."""
        return read_mails(self.folder)

    def behave(self, mood: str) -> None:
        """Sets what it does with the next mail: a key of `MOODS`."""
        assert mood in MOODS, f"no such mood: {mood}"
        self._mood_file.write_text(mood)
