"""Who was told what: notices as they were delivered, by ids only (their texts are nobody's business here)."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.listening import Event, kept_events
from services.cli.options import AsJson
from services.cli.output import Output, as_document
from services.cli.settings import kafka_settings
from shared.contracts.catalog import NOTIFICATION_DELIVERY
from shared.contracts.notification import NoticeDelivered, NoticeFailed, NoticeHandled


def notices(
    workspace: Annotated[str | None, typer.Option(help="of this workspace only")] = None,
    user: Annotated[str | None, typer.Option(help="to this person only")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who was told what, and which matters are settled."""
    events = [
        event for event in kept_events(kafka_settings(), [NOTIFICATION_DELIVERY]) if _concerns(event, workspace, user)
    ]
    output = Output(as_json=as_json)
    if as_json:
        for event in events:
            output.document(as_document(event))
        return
    output.table("Notices", ("when", "person", "told", "how", "about"), [_row(event) for event in events])


def _concerns(event: Event, workspace: str | None, user: str | None) -> bool:
    message = event.message
    assert isinstance(message, NoticeDelivered | NoticeFailed | NoticeHandled)
    return workspace in (None, message.workspace_id) and user in (None, message.user_id)


def _row(event: Event) -> tuple[str, ...]:
    message = event.message
    when = f"{event.at:%Y-%m-%d %H:%M:%S}"
    if isinstance(message, NoticeDelivered):
        return when, message.user_id, message.kind, message.channel, message.about_id
    if isinstance(message, NoticeFailed):
        return when, message.user_id, message.kind, f"{message.channel} failed: {message.reason}", ""
    assert isinstance(message, NoticeHandled)
    return when, message.user_id, message.kind, "settled", message.about_id
