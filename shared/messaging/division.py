"""A batch that fails for a reason that does not pass is halved until the one message that fails stands alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from shared.messaging.failures import Bug
from shared.messaging.log import Place
from shared.observability.errors import describe
from shared.observability.errors import place as place_of


class Placed(Protocol):
    """Something that came from one record of the log."""

    @property
    def place(self) -> Place: ...
    @property
    def offset(self) -> int: ...
    def id(self) -> str: ...


T = TypeVar("T", bound=Placed)


def divide(items: Sequence[T], attempt: Callable[[Sequence[T]], None], passing: tuple[type[Exception], ...]) -> None:
    """Attempt all; where that fails, the first half and then the second, down to one.

    What stands before the failing item is done (committed) when `Bug` is raised, nothing behind it is. Errors in
    `passing` mean something else and go through.
    """
    if not items:
        return
    try:
        attempt(items)
    except passing:
        raise
    except Exception as error:
        if len(items) == 1:
            raise blame(items[0], error) from error
        middle = len(items) // 2
        divide(items[:middle], attempt, passing)
        divide(items[middle:], attempt, passing)


def blame(item: Placed, error: Exception) -> Bug:
    """The bug, with the message's place and without its content."""
    topic, partition = item.place
    return Bug(topic, partition, item.offset, item.id(), f"{describe(error)} at {place_of(error)}")
