"""Storms of requests: what goes into whose next mail, and when that mail goes (N5)."""

from __future__ import annotations

from uuid import UUID

from services.notification.domain.delivery import Email
from services.notification.domain.digest import BEHIND_RETRY, Place, place
from services.notification.domain.notice import Notice
from services.notification.repository import NotificationRepository
from shared.messaging.work import Cause, Work

DIGEST_TIMER = "digest"


def fold(notice: Notice, work: Work[NotificationRepository]) -> UUID | None:
    """The digest that the notice's email goes into; None when it goes out at once."""
    digests = work.repository.digests
    person = notice.occasion.workspace_id, notice.user_id
    window = digests.lock_window(*person)
    where = place(window, lambda: digests.is_behind(*person, work.now), work.now)
    if where is not Place.JOINED:
        if window is not None:
            digests.close(window.digest_id, work.now)
        window = digests.open(notice, work.now)
        if where is Place.AT_ONCE:
            return None
    assert window is not None, "what is joined is there"
    if not window.collecting:
        work.timers.set(DIGEST_TIMER, str(window.digest_id), window.ends_at)
    return window.digest_id


def take_digest(digest_id: UUID, work: Work[NotificationRepository]) -> list[tuple[Email, Cause]]:
    """The emails of a digest that is to go out; from then on it takes no others, so that each attempt is the same mail.

    While an earlier mail to the same person waits for the mail server, this one waits and collects: after
    the server was away two mails are sent and not one for each window.
    """
    repository = work.repository
    if not repository.digests.may_go(digest_id, work.now):
        work.timers.set(DIGEST_TIMER, str(digest_id), work.now + BEHIND_RETRY)
        return []
    repository.digests.close(digest_id, work.now)
    return repository.emails.begin_digest(digest_id)
