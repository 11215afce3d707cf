"""What people do with their notices: mark them, and say which they want by email."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.handlers import announcements
from services.notification.repository import NotificationRepository
from shared.contracts.notification_commands import MarkNotices, SetEmailPreference, Unsubscribe
from shared.contracts.reasons import Reason
from shared.messaging.work import Effect, Park, Received, Work


def on_mark(received: Sequence[Received[MarkNotices]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Mark all of them or none. A notice of somebody else is unknown, as one that never was.

    A worker whose database was restored may not have told it again yet: it waits a moment before it refuses.
    """
    notices = work.repository.notices
    for one in received:
        command = one.message
        known = notices.lock_of_person(command.user_id, command.notice_ids)
        if missing := set(command.notice_ids) - {str(told.notice_id) for told in known}:
            if one.may_wait:
                yield Park(one, waiting_for=f"notice {min(missing)} of {command.user_id}")
            else:
                yield announcements.refused(command, Reason.UNKNOWN_NOTICE, one.cause)
            continue
        newly = notices.mark(known, command.state, work.now)
        yield announcements.marked(command, known, one.cause)
        if command.state == "handled":
            yield from (announcements.handled(told, one.cause) for told in newly)


def on_preference(
    received: Sequence[Received[SetEmailPreference]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """What the person wants by email from now on; it decides when a mail goes out, not when the notice was made."""
    for one in received:
        command = one.message
        work.repository.preferences.set(command.user_id, command.kind, command.by_email)
        yield announcements.preference_set(command, command.by_email, one.cause)


def on_unsubscribe(received: Sequence[Received[Unsubscribe]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """No more emails of this kind, if the link is one of this person's mails."""
    for one in received:
        command = one.message
        token = work.repository.preferences.token_of(command.user_id)
        if token is None or str(token) != command.token:
            yield announcements.refused(command, Reason.UNSUBSCRIBE_LINK_INVALID, one.cause)
            continue
        work.repository.preferences.set(command.user_id, command.kind, by_email=False)
        yield announcements.preference_set(command, by_email=False, cause=one.cause)
