"""Writing notices: the in-app row, what is published about it, and the email that is to follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.notification.domain.notice import Notice, Occasion
from services.notification.handlers import announcements
from services.notification.handlers.digest import fold
from services.notification.repository import NotificationRepository
from shared.contracts.notification import NoticeKind
from shared.messaging.work import Cause, Outgoing, Received, Work

EMAIL_TIMER = "email"


def occasion_of(received: Received[Any]) -> Occasion:
    """The occasion that a message is. Its time is the broker's append time, the same on every replay."""
    cause = received.cause
    return Occasion(cause.source, cause.id, received.message.workspace_id, received.appended_at)


def deliver(due: Sequence[tuple[Notice, Cause]], work: Work[NotificationRepository]) -> list[Outgoing]:
    """Write what is new of these notices, publish that it was told, and set the emails on their way (N4)."""
    told = work.repository.notices.add([notice for notice, _ in due])
    new = {notice.notice_id: (notice, cause) for notice, cause in due if notice.notice_id in told}
    mailed = [(notice, cause) for notice, cause in new.values() if notice.by_email]
    if mailed:
        digests = {notice.notice_id: fold(notice, work) for notice, _ in mailed if notice.folded}
        work.repository.emails.add(mailed, digests, work.now)
        at_once = [notice for notice, _ in mailed if digests.get(notice.notice_id) is None]
        work.timers.set_many(EMAIL_TIMER, [(str(notice.notice_id), work.now) for notice in at_once])
    return [announcements.delivered(told[notice.notice_id], "in_app", cause) for notice, cause in new.values()]


def settle(
    workspace_id: str, about_id: str, kind: NoticeKind, cause: Cause, work: Work[NotificationRepository]
) -> list[Outgoing]:
    """Mark everybody's open notices of `kind` about one thing as handled, and publish it (A6)."""
    settled = work.repository.notices.settle(workspace_id, about_id, kind, work.now)
    return [announcements.handled(told, cause) for told in settled]
