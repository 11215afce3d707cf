"""Auto top-up that ended by itself: owner and admins are told, for only they can mend it (B14)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.domain.members import Deciders
from services.notification.handlers.delivery import deliver, occasion_of
from services.notification.handlers.tellings import notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.auto_top_up import AutoTopUpStopped
from shared.messaging.work import Effect, Park, Received, Work


def on_auto_top_up_stopped(
    received: Sequence[Received[AutoTopUpStopped]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Tell them; what a person switched off needs no telling. While nobody is known, wait for the directory."""
    known = work.repository.directory.deciders(one.message.workspace_id for one in received)
    for one in received:
        stopped = one.message
        if stopped.cause == "switched_off":
            continue
        if stopped.workspace_id not in known and one.may_wait:
            yield Park(one, waiting_for=f"owner or admin of workspace {stopped.workspace_id}")
            continue
        notices = notices_about(stopped, occasion_of(one), known.get(stopped.workspace_id, Deciders()))
        yield from deliver([(notice, one.cause) for notice in notices], work)
