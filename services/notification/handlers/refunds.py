"""Money that goes back: owner and admins are told of refunds and disputes, and the buyer (N2, B11, B12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.domain.members import Deciders
from services.notification.handlers.delivery import deliver, occasion_of
from services.notification.handlers.tellings import notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.refunds import DisputeClosed, PurchaseDisputed, PurchaseRefunded, RefundFailed
from shared.messaging.work import Effect, Park, Received, Work

MoneyBack = PurchaseRefunded | RefundFailed | PurchaseDisputed | DisputeClosed


def on_money_back(received: Sequence[Received[MoneyBack]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell them. While nobody of the workspace is known, wait for the directory."""
    known = work.repository.directory.deciders(one.message.workspace_id for one in received)
    for one in received:
        workspace_id = one.message.workspace_id
        if workspace_id not in known and one.may_wait:
            yield Park(one, waiting_for=f"owner or admin of workspace {workspace_id}")
            continue
        notices = notices_about(one.message, occasion_of(one), known.get(workspace_id, Deciders()))
        yield from deliver([(notice, one.cause) for notice in notices], work)
