"""Dead letters as people handle them: which are open, and what was done about the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.cli.listening import Event, kept_events
from shared.contracts.audit import DeadLetterDiscarded, DeadLetterRedriven
from shared.contracts.catalog import DEAD_LETTERS, OPS_AUDIT
from shared.contracts.dead_letter import DeadLettered
from shared.messaging.settings import KafkaSettings

Deed = DeadLetterRedriven | DeadLetterDiscarded
DONE: dict[type[Deed], str] = {DeadLetterRedriven: "redriven", DeadLetterDiscarded: "discarded"}


class Done(NamedTuple):
    """One deed and when the broker took it down."""

    at: datetime
    deed: Deed

    def told(self) -> str:
        """In a sentence, without when and why."""
        return f"{DONE[type(self.deed)]} by {self.deed.operator_id}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `id` is its event's: derived from the original's place, so the same however often it is told."""

    id: str
    at: datetime
    content: DeadLettered
    done: tuple[Done, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nobody has done anything about it."""
        return not self.done

    @property
    def state(self) -> str:
        """What was done last."""
        return self.done[-1].told() if self.done else "open"

    @property
    def where(self) -> str:
        """Where the original stands."""
        letter = self.content
        element = f" element {letter.element}" if letter.element else ""
        return f"{letter.source_topic}[{letter.source_partition}]@{letter.source_offset}{element}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are meant. What is None or empty does not count."""

    service: str | None = None
    topic: str | None = None
    flaw: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    open_only: bool = True

    def takes(self, letter: Letter) -> bool:
        """Whether this one is meant."""
        content = letter.content
        return (
            self.service in (None, content.service)
            and self.topic in (None, content.source_topic)
            and self.flaw in (None, content.reason)
            and (self.since is None or content.appended_at >= self.since)
            and (self.until is None or content.appended_at < self.until)
            and (letter.is_open or not self.open_only)
        )


def kept_letters(kafka: KafkaSettings) -> list[Letter]:
    """Every dead letter that is kept, in the order of the originals in their logs."""
    return letters_of(kept_events(kafka, [*DEAD_LETTERS.values(), OPS_AUDIT]))


def letters_of(events: Iterable[Event]) -> list[Letter]:
    """The letters among these events with what was done about each. One that was published twice is one."""
    letters: dict[str, Letter] = {}
    done: dict[str, list[Done]] = {}
    for event in events:
        if isinstance(event.message, DeadLettered):
            letters.setdefault(event.envelope.id, Letter(event.envelope.id, event.at, event.message))
        elif isinstance(event.message, Deed):
            done.setdefault(event.message.letter_id, []).append(Done(event.at, event.message))
    told = [replace(letter, done=tuple(done.get(letter.id, ()))) for letter in letters.values()]
    return sorted(told, key=_in_the_log)


def _in_the_log(letter: Letter) -> tuple[str, int, int, int, str]:
    content = letter.content
    place = content.source_topic, content.source_partition, content.source_offset
    return *place, content.element, content.service
