"""Owned by notification: what was told to whom, by ids only; never a name, an address or a text."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.fields import Id, UuidText
from shared.contracts.message import Message

Channel = Literal["in_app", "email"]
NoticeKind = Literal[
    "top_up_requested",
    "request_resolved",
    "purchase_receipt",
    "credits_received",
    "purchase_declined",
    "action_required",
    "credits_paused",
    "credits_freed",
    "auto_top_up_stopped",
]


class _PersonKeyed(Message):
    user_id: Id
    notice_id: UuidText
    workspace_id: Id
    kind: NoticeKind

    def key(self) -> str:
        return self.user_id


class NoticeDelivered(_PersonKeyed):
    """A notice reached its person: stored in-app, or taken over by the mail server."""

    type: ClassVar[str] = "notification.notice-delivered.v1"

    channel: Channel
    about_id: Annotated[str, Field(max_length=200)]


class NoticeFailed(_PersonKeyed):
    """An email could not be delivered for good; the in-app notice stands."""

    type: ClassVar[str] = "notification.notice-failed.v1"

    channel: Channel
    reason: Literal["refused_by_server", "no_address", "gave_up"]


class NoticeHandled(_PersonKeyed):
    """The matter of a notice was settled, by this person or another (A6)."""

    type: ClassVar[str] = "notification.notice-handled.v1"

    about_id: Annotated[str, Field(max_length=200)]
