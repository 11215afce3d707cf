"""Which notices people want by email, as a console or the page behind an email's link asks for it."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from services.cli.commands.notices import AGAIN
from services.cli.conversation import converse
from services.cli.options import PATIENCE_S, AsJson, Timeout
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.catalog import NOTIFICATION_COMMANDS, NOTIFICATION_DELIVERY
from shared.contracts.message import Message
from shared.contracts.notification import EmailPreferenceSet, NotificationCommandRefused
from shared.contracts.notification_commands import SetEmailPreference, Unsubscribe


def preference(
    user: Annotated[str, typer.Argument(help="the person", show_default=False)],
    kind: Annotated[str, typer.Argument(help="a kind of notice, for example credits_low", show_default=False)],
    by_email: Annotated[bool, typer.Option("--email/--no-email", help="by email, or in-app only", show_default=False)],
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Say whether a person gets notices of a kind by email, too. In-app they always stand."""
    command = SetEmailPreference.read({"user_id": user, "kind": kind, "by_email": by_email})
    _converse(command, timeout, as_json)


def unsubscribe(
    link: Annotated[str, typer.Argument(help="the link to end such emails, out of one of them", show_default=False)],
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Do what the link of an email does: no more emails of its kind to its reader."""
    query = parse_qs(urlsplit(link).query)
    wanted = {"user_id": "user", "kind": "kind", "token": "token"}
    command = Unsubscribe.read({field: query[name][0] for field, name in wanted.items() if name in query})
    _converse(command, timeout, as_json)


def _converse(command: Message, timeout_s: float, as_json: bool) -> None:
    converse(
        command,
        {EmailPreferenceSet: Exit.DONE, NotificationCommandRefused: Exit.REFUSED},
        Output(as_json=as_json),
        timeout_s=timeout_s,
        again=AGAIN,
        topic=NOTIFICATION_COMMANDS,
        answers_on=(NOTIFICATION_DELIVERY,),
    )
