"""Credits called back: each editor learns what became of the own ones (B11, B12).

The ledger says what was frozen, taken and given; why, billing says, on another topic. So the ledger's word waits for
billing's, and is told without a reason when that does not come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from services.notification.domain.matters import Frozen, GivenBack, TakenBack
from services.notification.domain.members import Deciders
from services.notification.handlers.delivery import deliver, occasion_of
from services.notification.handlers.tellings import notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.recalls import PurchaseFrozen, PurchaseGivenBack, PurchaseTakenBack, RecallCause, RecallOpened
from shared.messaging.work import Effect, Park, Received, Work

E = TypeVar("E", PurchaseFrozen, PurchaseTakenBack, PurchaseGivenBack)


def on_recall_opened(
    received: Sequence[Received[RecallOpened]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Remember why; nothing has moved yet."""
    for one in received:
        work.repository.matters.recall_opened(one.message)
    return ()


def on_frozen(received: Sequence[Received[PurchaseFrozen]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell the editors whose credits are frozen for long."""
    return _tell(received, work, Frozen, lambda frozen: frozen.is_news)


def on_taken_back(
    received: Sequence[Received[PurchaseTakenBack]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Tell the editors whose credits are gone, and what they owe."""
    return _tell(received, work, TakenBack, lambda _: True)


def on_given_back(
    received: Sequence[Received[PurchaseGivenBack]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Tell the editors whose credits are back."""
    return _tell(received, work, GivenBack, lambda given: given.is_news)


M = TypeVar("M", Frozen, TakenBack, GivenBack)


def _tell(
    received: Sequence[Received[E]],
    work: Work[NotificationRepository],
    matter: Callable[[E, RecallCause | None], M],
    is_news: Callable[[M], bool],
) -> Iterable[Effect]:
    for one in received:
        recall = one.message
        cause = work.repository.matters.cause_of(recall.workspace_id, recall.recall_id)
        if cause is None and one.may_wait:
            yield Park(one, waiting_for=f"why recall {recall.recall_id} was opened")
            continue
        told = matter(recall, cause)
        if is_news(told):
            notices = notices_about(told, occasion_of(one), Deciders())
            yield from deliver([(notice, one.cause) for notice in notices], work)
