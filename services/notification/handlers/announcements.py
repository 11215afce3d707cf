"""What is published, by ids only. What is told of a notice has an id derived from it, an answer one of its command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from services.notification.domain.notice import Told, after
from shared.contracts.catalog import NOTIFICATION_DELIVERY
from shared.contracts.notification import (
    Channel,
    EmailPreferenceSet,
    MarkedNotice,
    NoticeDelivered,
    NoticeFailed,
    NoticeHandled,
    NoticesMarked,
    NotificationCommandRefused,
)
from shared.contracts.notification_commands import MarkNotices, SetEmailPreference, Unsubscribe
from shared.contracts.reasons import REMEDIES, Reason
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


def marked(command: MarkNotices, known: Sequence[Told], cause: Cause) -> Outgoing:
    """How the notices stand after the command: what was handled before stays so."""
    notices = tuple(
        MarkedNotice(notice_id=str(told.notice_id), state=after(told.state, command.state)) for told in known
    )
    return Outgoing(NOTIFICATION_DELIVERY, NoticesMarked(user_id=command.user_id, notices=notices), cause)


def preference_set(command: SetEmailPreference | Unsubscribe, by_email: bool, cause: Cause) -> Outgoing:
    """What comes by email from now on."""
    message = EmailPreferenceSet(user_id=command.user_id, kind=command.kind, by_email=by_email)
    return Outgoing(NOTIFICATION_DELIVERY, message, cause)


def refused(command: MarkNotices | Unsubscribe, reason: Reason, cause: Cause) -> Outgoing:
    """Nothing was changed."""
    message = NotificationCommandRefused(
        user_id=command.user_id, command=command.type, reason=reason, detail=REMEDIES[reason]
    )
    return Outgoing(NOTIFICATION_DELIVERY, message, cause)
