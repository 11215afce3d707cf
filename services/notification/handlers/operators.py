"""What operators did to an account: its user is told (B15)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.domain.members import Deciders
from services.notification.handlers.delivery import deliver, occasion_of
from services.notification.handlers.tellings import notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.credit_ledger import CreditsGranted
from shared.contracts.operator_commands import CreditsCorrected
from shared.messaging.work import Effect, Received, Work


def on_granted(received: Sequence[Received[CreditsGranted]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell of a gift. Quotas come every month and are no news; of what was bought the purchase tells."""
    return _tell([one for one in received if one.message.grant_id is not None], work)


def on_corrected(
    received: Sequence[Received[CreditsCorrected]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Tell what was withdrawn or forgiven."""
    return _tell(received, work)


def _tell(
    received: Sequence[Received[CreditsGranted] | Received[CreditsCorrected]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    due = [
        (notice, one.cause) for one in received for notice in notices_about(one.message, occasion_of(one), Deciders())
    ]
    return deliver(due, work)
