"""What a rule may say about a command: go on (None), refused for a reason, or not yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shared.contracts.reasons import REMEDIES, Reason

F = TypeVar("F")

MAX_DETAIL_CHARACTERS = 500  # the wire's bound of a reason text


@dataclass(frozen=True, slots=True)
class Refusal:
    """A business answer: nothing changed, nothing was charged. `detail` says what, and how to mend it.

    `try_again_at` is set where time alone mends it.
    """

    reason: Reason
    detail: str
    try_again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Something named by the command is not known here yet. `otherwise` is the answer when waiting is over (B2)."""

    waiting_for: str
    otherwise: Refusal


Verdict = Refusal | Wait | None
Rule = Callable[[F], Verdict]


def refuse(reason: Reason, what: str = "", try_again_at: datetime | None = None) -> Refusal:
    """A refusal that says what is wrong (when there is more to say than the code) and how to mend it."""
    detail = f"{what} {REMEDIES[reason]}".strip()
    return Refusal(reason, detail[:MAX_DETAIL_CHARACTERS], try_again_at)


def first_objection(rules: Iterable[Rule[F]], facts: F) -> Refusal | Wait | None:
    """The first thing that stands against the command, in the order of the rules; None when nothing does."""
    for rule in rules:
        verdict = rule(facts)
        if verdict is not None:
            return verdict
    return None
