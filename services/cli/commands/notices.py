"""Notices by ids: who was told what and how it stands; and marking them, as a console does. Their texts stay unseen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from services.cli.conversation import converse
from services.cli.listening import Event, kept_events
from services.cli.options import PATIENCE_S, AsJson, Timeout
from services.cli.outcome import Exit
from services.cli.output import Output, as_document
from services.cli.settings import kafka_settings
from shared.contracts.catalog import NOTIFICATION_COMMANDS, NOTIFICATION_DELIVERY
from shared.contracts.notification import (
    NoticeDelivered,
    NoticeFailed,
    NoticeHandled,
    NoticesMarked,
    NotificationCommandRefused,
)
from shared.contracts.notification_commands import MarkNotices

Told = NoticeDelivered | NoticeFailed | NoticeHandled
AGAIN = "Are the workers running? Send it again: what was done already is answered so."


def notices(
    workspace: Annotated[str | None, typer.Option(help="of this workspace only")] = None,
    user: Annotated[str | None, typer.Option(help="to this person only")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who was told what, which matters are settled, and what people have marked."""
    output = Output(as_json=as_json)
    states: dict[str, str] = {}
    shown = []
    for event in kept_events(kafka_settings(), [NOTIFICATION_DELIVERY]):
        if _concerns(event, workspace, user):
            shown.append(event)
        states.update(_states(event))
    if as_json:
        for event in shown:
            output.document(as_document(event))
        return
    header = ("when", "person", "told", "how", "about", "notice", "state")
    output.table("Notices", header, [_row(event, states) for event in shown])


def mark(
    user: Annotated[str, typer.Argument(help="whose notices", show_default=False)],
    state: Annotated[str, typer.Argument(help="unread, read or handled", show_default=False)],
    notice_ids: Annotated[list[str], typer.Argument(help="ids of notices", show_default=False)],
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Mark somebody's notices. What is handled stays so."""
    command = MarkNotices.read({"user_id": user, "notice_ids": notice_ids, "state": state})
    converse(
        command,
        {NoticesMarked: Exit.DONE, NotificationCommandRefused: Exit.REFUSED},
        Output(as_json=as_json),
        timeout_s=timeout,
        again=AGAIN,
        topic=NOTIFICATION_COMMANDS,
        answers_on=(NOTIFICATION_DELIVERY,),
    )


def _concerns(event: Event, workspace: str | None, user: str | None) -> bool:
    message = event.message
    if not isinstance(message, Told):
        return False
    return workspace in (None, message.workspace_id) and user in (None, message.user_id)


def _states(event: Event) -> Iterator[tuple[str, str]]:
    """The state of each notice after this event; a console keeps its copy in the same way."""
    message = event.message
    if isinstance(message, NoticesMarked):
        yield from ((notice.notice_id, notice.state) for notice in message.notices)
    elif isinstance(message, NoticeHandled):
        yield message.notice_id, "handled"


def _row(event: Event, states: dict[str, str]) -> tuple[str, ...]:
    message = event.message
    assert isinstance(message, Told)
    how = "settled"
    if isinstance(message, NoticeDelivered):
        how = message.channel
    elif isinstance(message, NoticeFailed):
        how = f"{message.channel} failed: {message.reason}"
    about = "" if isinstance(message, NoticeFailed) else message.about_id
    state = states.get(message.notice_id, "unread")
    when = f"{event.at:%Y-%m-%d %H:%M:%S}"
    return when, message.user_id, message.kind, how, about, message.notice_id, state
