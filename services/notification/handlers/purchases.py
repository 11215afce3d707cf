"""Purchases: the receipt to the buyer and the news to the editors, or why nothing was paid yet (N2, B9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.domain.matters import PaidAndCredited
from services.notification.domain.members import Deciders
from services.notification.handlers.delivery import deliver, occasion_of
from services.notification.handlers.tellings import notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.credit_ledger import PurchaseCredited
from shared.contracts.top_up_events import PurchaseActionRequired, PurchaseDeclined, PurchasePaid
from shared.messaging.work import Cause, Effect, Outgoing, Received, Work


def on_paid(received: Sequence[Received[PurchasePaid]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Remember what the receipt says; send it when the credits were quicker than this."""
    for one in received:
        whole = work.repository.matters.paid(one.message, occasion_of(one))
        yield from _receipt(whole, one.cause, work)


def on_credited(received: Sequence[Received[PurchaseCredited]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell each editor; send the receipt when the payment is known."""
    for one in received:
        notices = notices_about(one.message, occasion_of(one), Deciders())
        yield from deliver([(notice, one.cause) for notice in notices], work)
        yield from _receipt(work.repository.matters.credited(one.message, one.appended_at), one.cause, work)


def on_unpaid(
    received: Sequence[Received[PurchaseDeclined] | Received[PurchaseActionRequired]],
    work: Work[NotificationRepository],
) -> Iterable[Effect]:
    """Tell the buyer what is to be done."""
    due = [
        (notice, one.cause) for one in received for notice in notices_about(one.message, occasion_of(one), Deciders())
    ]
    return deliver(due, work)


def _receipt(whole: PaidAndCredited | None, cause: Cause, work: Work[NotificationRepository]) -> list[Outgoing]:
    if whole is None:
        return []
    return deliver([(notice, cause) for notice in notices_about(whole, whole.occasion, Deciders())], work)
