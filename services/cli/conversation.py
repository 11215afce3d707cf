"""One command and its answer, for a person or a program: sends, waits, prints, and says how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from services.cli.listening import Event, NoAnswer
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from services.cli.settings import connected
from shared.contracts.catalog import TOP_UP, TOP_UP_COMMANDS
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES
from shared.contracts.top_up_events import CommandRefused
from shared.contracts.topics import Topic


def converse(
    command: Message,
    outcomes: dict[type[Message], Exit],
    output: Output,
    *,
    timeout_s: float,
    again: str,
    topic: Topic = TOP_UP_COMMANDS,
    answers_on: Sequence[Topic] = (TOP_UP,),
    also_ours: Callable[[Message], bool] = lambda _: False,
    judge: Callable[[Message], Exit | None] | None = None,
) -> Event:
    """Send a command, to billing unless told otherwise; the event that ends the wait, printed.

    `outcomes` says which events end it and how; `judge` may decide from the event itself, None meaning not yet. `again`
    is what to do when no answer comes. Raises Problem, with the exit code of a refusal too.
    """
    ends: dict[type[Message], Exit] = {CommandRefused: Exit.REFUSED, **outcomes}

    def outcome(message: Message) -> Exit | None:
        decided = judge(message) if judge else None
        return decided if decided is not None else ends.get(type(message))

    with closing(connected(to_write=[topic])) as client:
        try:
            event = client.ask(
                topic,
                command,
                answers_on=answers_on,
                final=lambda event: outcome(event.message) is not None,
                timeout_s=timeout_s,
                also_ours=lambda event: also_ours(event.message),
                passing=output.event,
            )
        except NoAnswer as silence:
            raise Problem(f"{command.type} was sent, but there is {silence}.", again, Exit.NO_ANSWER) from silence
    code = outcome(event.message)
    output.event(event, "bold green" if code is Exit.DONE else "bold red")
    if code not in (None, Exit.DONE):
        raise Refused(event, code)
    return event


class Refused(Exception):
    """The answer was printed already; only its remedy and the exit code are left."""

    def __init__(self, event: Event, code: Exit) -> None:
        super().__init__(event.envelope.type)
        reason = getattr(event.message, "reason", None)
        remedy = "" if reason is None else REMEDIES[reason]
        self.remedy = remedy if remedy not in getattr(event.message, "detail", "") else ""
        self.code = code
