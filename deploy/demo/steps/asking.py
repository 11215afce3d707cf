"""Step 2: an editor asks; owner and admin are told; those who may not ask are refused (A1 to A3, N1)."""

from __future__ import annotations

from deploy.demo.stage import WORKSPACE, Stage
from shared.contracts.notification import Channel, NoticeDelivered
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import RequestTopUp
from shared.contracts.top_up_events import CommandRefused, TopUpRequested


def play(stage: Stage) -> None:
    """The editor who ran dry asks for a package."""
    stage.narrator.step("2", "The editor asks; owner and admin are told")
    check = stage.narrator.check
    stage.request_id = stage.new_id()
    asked = stage.ask(_request("erin", stage.request_id), TopUpRequested, CommandRefused)
    check(isinstance(asked, TopUpRequested), "erin's request for 10,000 credits stands", asked)

    channels: tuple[Channel, ...] = ("in_app", "email")
    for person in ("olivia", "adam"):
        for channel in channels:
            stage.notice(person, "top_up_requested", channel)
    told = {notice.user_id for notice in stage.witness.seen(NoticeDelivered, lambda n: n.kind == "top_up_requested")}
    check(told == {"olivia", "adam"}, "owner and admin are told in-app and by email, and nobody else", told)
    mail = stage.mails.newest_to("adam@acme.example")
    check(stage.request_id in mail.text, "the mail's link opens the purchase prefilled", mail.text)
    stage.narrator.letter(f"To: {mail.to}   Subject: {mail.subject}", mail.text)

    for person, reason in (("victor", Reason.CANNOT_EDIT), ("adam", Reason.CAN_BUY_DIRECTLY)):
        refused = stage.ask(_request(person, stage.new_id()), TopUpRequested, CommandRefused)
        check(
            isinstance(refused, CommandRefused) and refused.reason is reason,
            f"{person}'s request is refused: {reason.value}",
            refused,
        )


def _request(actor: str, request_id: str) -> RequestTopUp:
    return RequestTopUp(workspace_id=WORKSPACE, actor_id=actor, request_id=request_id, package_id="credits-10k")
