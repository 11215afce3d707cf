"""Owned by notification: what was told to whom, by ids only; never a name, an address or a text."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Flag, Id, ReasonText, UuidText
from shared.contracts.message import Message
from shared.contracts.reasons import Reason

Channel = Literal["in_app", "email"]
NoticeState = Literal["unread", "read", "handled"]
NoticeKind = Literal[
    "top_up_requested",
    "request_resolved",
    "purchase_receipt",
    "credits_received",
    "purchase_declined",
    "action_required",
    "credits_paused",
    "credits_freed",
    "credits_low",
    "credits_exhausted",
    "auto_top_up_stopped",
    "refund",
    "dispute",
    "credits_recalled",
    "credits_corrected",
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


class _Answer(Message):
    user_id: Id

    def key(self) -> str:
        return self.user_id


class MarkedNotice(BaseModel):
    """One notice and its state now, which may be another than was asked for: what is handled stays so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notice_id: UuidText
    state: NoticeState


class NoticesMarked(_Answer):
    """The person has marked these notices. Also what a command changed nothing about is answered so."""

    type: ClassVar[str] = "notification.notices-marked.v1"

    notices: Annotated[tuple[MarkedNotice, ...], Field(min_length=1)]


class EmailPreferenceSet(_Answer):
    """Whether notices of this kind come by email, as the person wants it from now on."""

    type: ClassVar[str] = "notification.email-preference-set.v1"

    kind: NoticeKind
    by_email: Flag


class NotificationCommandRefused(_Answer):
    """A command that changed nothing."""

    type: ClassVar[str] = "notification.command-refused.v1"

    command: Annotated[str, Field(max_length=100)]
    reason: Reason
    detail: ReasonText
