"""What a story needs of the stack on which it plays. Both stacks offer it, and the story does not know which it has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from deploy.local.mailbox import Mail
from shared.messaging.settings import KafkaSettings


class WorkerOfScene(Protocol):
    """A service's worker: a process, or a container."""

    @property
    def running(self) -> bool: ...

    @property
    def exit_code(self) -> int | None:
        """Of the last one: None while it runs, the negative signal number when a signal ended it."""

    def start(self, environment: Mapping[str, str] | None = None) -> object:
        """Starts it, with settings of this one start added. Does not wait until it is connected."""

    def stop(self) -> int | None:
        """SIGTERM, on which it drains. Returns the exit code."""

    def kill(self) -> None:
        """SIGKILL, as a crash."""

    def restart(self, environment: Mapping[str, str] | None = None) -> object:
        """Ends it as `stop` does when it runs, and starts another."""


class MailboxOfScene(Protocol):
    """What the mail server took in."""

    def mails(self) -> list[Mail]:
        """In the order of arrival."""


class Scene(Protocol):
    """A world that is up."""

    @property
    def topic_prefix(self) -> str:
        """What every topic's name begins with."""

    @property
    def journal(self) -> Path:
        """The Stripe sandbox's file of money, on this machine's disk."""

    @property
    def sandbox_url(self) -> str:
        """The Stripe sandbox, for its orders."""

    @property
    def auditor_url(self) -> str:
        """The database, for the role that reads the books."""

    @property
    def mailbox(self) -> MailboxOfScene: ...

    @property
    def workers(self) -> Mapping[str, WorkerOfScene]:
        """By the name of the service's package."""

    def kafka(self, name: str) -> KafkaSettings:
        """How a party of the catalog reaches Kafka."""

    def writers(self) -> Mapping[str, KafkaSettings]:
        """The parties that the story's people play."""

    def environment_of(self, process: str) -> Mapping[str, str]:
        """The settings of the `auditor` and of the `command-line`."""
