"""What is published about notices: by ids only; their own are derived from the notice, the same on every replay."""

from __future__ import annotations

from typing import Literal

from services.notification.domain.notice import Told
from shared.contracts.catalog import NOTIFICATION_DELIVERY
from shared.contracts.notification import Channel, NoticeDelivered, NoticeFailed, NoticeHandled
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Outgoing

FailureReason = Literal["refused_by_server", "no_address", "gave_up"]


def delivered(told: Told, channel: Channel, cause: Cause) -> Outgoing:
    """The notice reached its person."""
    message = NoticeDelivered(
        user_id=told.user_id,
        notice_id=str(told.notice_id),
        workspace_id=told.workspace_id,
        kind=told.kind,
        channel=channel,
        about_id=told.about_id,
    )
    return Outgoing(NOTIFICATION_DELIVERY, message, cause, derive("delivered", str(told.notice_id), channel))


def failed(told: Told, reason: FailureReason, cause: Cause) -> Outgoing:
    """Its email is given up for good; the in-app notice stands."""
    message = NoticeFailed(
        user_id=told.user_id,
        notice_id=str(told.notice_id),
        workspace_id=told.workspace_id,
        kind=told.kind,
        channel="email",
        reason=reason,
    )
    return Outgoing(NOTIFICATION_DELIVERY, message, cause, derive("failed", str(told.notice_id), "email"))


def handled(told: Told, cause: Cause) -> Outgoing:
    """The matter of the notice is settled (A6)."""
    message = NoticeHandled(
        user_id=told.user_id,
        notice_id=str(told.notice_id),
        workspace_id=told.workspace_id,
        kind=told.kind,
        about_id=told.about_id,
    )
    return Outgoing(NOTIFICATION_DELIVERY, message, cause, derive("handled", str(told.notice_id)))
