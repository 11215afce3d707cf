"""Requests: owner and admins are told when one is made (A3), the asker how it ended (A6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.domain.members import Deciders
from services.notification.handlers.delivery import deliver, occasion_of, settle
from services.notification.handlers.tellings import RequestResolved, notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.top_up_events import TopUpRequested
from shared.messaging.work import Effect, Park, Received, Work


def on_requested(received: Sequence[Received[TopUpRequested]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell owner and admins. While nobody of the workspace is known, wait for the directory."""
    known = work.repository.directory.deciders(one.message.workspace_id for one in received)
    for one in received:
        request = one.message
        if request.workspace_id not in known and one.may_wait:
            yield Park(one, waiting_for=f"owner or admin of workspace {request.workspace_id}")
            continue
        resolved = work.repository.matters.request_made(request)
        deciders = known.get(request.workspace_id, Deciders())
        notices = notices_about(request, occasion_of(one), deciders)
        yield from deliver([(notice, one.cause) for notice in notices], work)
        if resolved:
            yield from settle(request.workspace_id, request.request_id, "top_up_requested", one.cause, work)


def on_resolved(received: Sequence[Received[RequestResolved]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell the asker; nobody else needs to act any more. A claim alone settles nothing: it may be released (A4)."""
    for one in received:
        request = one.message
        work.repository.matters.request_resolved(request.workspace_id, request.request_id, one.appended_at)
        notices = notices_about(request, occasion_of(one), Deciders())
        yield from deliver([(notice, one.cause) for notice in notices], work)
        yield from settle(request.workspace_id, request.request_id, "top_up_requested", one.cause, work)
