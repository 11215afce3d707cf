"""Reads the refunds of a payment and mirrors those that were made at the processor: a webhook is only a hint (B11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog

from services.billing.domain.mirrored import MirroredRefund, MirroredState, RefundsRead, ShownRefund, resolved
from services.billing.domain.outcome import Outcome
from services.billing.domain.purchase import Purchase, PurchaseState
from services.billing.domain.refunding import RefundOutcome
from services.billing.handlers.mirror_words import failed, refunded, taken_back
from services.billing.handlers.timers import MIRROR
from services.billing.repository import BillingRepository
from shared.messaging.crash_points import reach
from shared.messaging.failures import SettingsProblem
from shared.messaging.ids import derive
from shared.messaging.work import Outgoing, Work

log = structlog.get_logger()

AFTER_STRIPE = "billing.mirror.after-stripe"

READ_AGAIN = timedelta(minutes=1)  # the processor did not answer
WATCH_PENDING = timedelta(hours=6)  # the bank takes days; its end is told by a webhook, or read so


class RefundReader(Protocol):
    """What is needed of a processor. It raises for nothing that it or the network may do."""

    def refunds_of(self, payment_intent_id: str) -> RefundsRead:
        """All refunds of this payment, oldest first."""


@dataclass(frozen=True, slots=True)
class RefundsAsked:
    """Of which payment the refunds are read."""

    workspace_id: str
    payment_intent_id: str


class MirrorErrand:
    """Reads change nothing there; what was told is kept in the transaction that tells it.

    To have it look at a purchase, set the timer MIRROR with the purchase's id as its ref.
    """

    kind = MIRROR
    after_cold_start = False  # what the processor shows needs no directory

    def __init__(self, processor: RefundReader, lease_s: int, concurrency: int) -> None:
        self._processor = processor
        self.lease_s = lease_s
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[BillingRepository]) -> RefundsAsked | None:
        """Nothing is told before the purchase is credited: its credits could not be called back. Then it is read."""
        purchase = work.repository.purchases.lock(ref)
        payment = work.repository.payments.lock(ref)
        if purchase is None or purchase.state is not PurchaseState.CREDITED:
            return None
        if payment is None or payment.intent_id is None:
            return None
        return RefundsAsked(payment.workspace_id, payment.intent_id)

    def perform(self, request: RefundsAsked) -> RefundsRead:
        """The reading. Raises SettingsProblem on 401."""
        read = self._processor.refunds_of(request.payment_intent_id)
        reach(AFTER_STRIPE)
        if read.failure is Outcome.UNAUTHORIZED:
            raise SettingsProblem(
                "the payment processor does not accept our key (401): set REFILL_STRIPE_API_KEY to a valid one. "
                "Refunds made in its dashboard are read when it does."
            )
        return read

    def record(
        self, ref: str, request: RefundsAsked, answer: RefundsRead, work: Work[BillingRepository]
    ) -> Iterable[Outgoing]:
        """Tell what is new; then again later while one is pending or none could be read."""
        repository = work.repository
        repository.directory.lock([request.workspace_id])
        if answer.failure is not None:
            log.warning("refunds_not_read", purchase_id=ref, because=answer.failure, detail=answer.detail)
            work.timers.set(MIRROR, ref, work.now + READ_AGAIN)
            return ()
        purchase = repository.purchases.lock(ref)
        assert purchase is not None
        theirs = [shown for shown in answer.refunds if not shown.ours]
        said = [*_failed(purchase, theirs, work), *_mirrored(purchase, theirs, work)]
        if any(shown.outcome is RefundOutcome.PENDING for shown in theirs):
            work.timers.set(MIRROR, ref, work.now + WATCH_PENDING)
        return said


def refund_id_of(processor_refund_id: str) -> str:
    """Our id of a refund of the processor's own, and of its recall: derived, so that a restored database finds it."""
    return str(derive("processor-refund", processor_refund_id))


def _failed(purchase: Purchase, theirs: list[ShownRefund], work: Work[BillingRepository]) -> Iterable[Outgoing]:
    repository = work.repository
    known = repository.mirrored_refunds.lock(purchase.purchase_id)
    gone = {shown.processor_refund_id for shown in theirs if shown.outcome is RefundOutcome.FAILED}
    payment = repository.payments.lock(purchase.purchase_id)
    assert payment is not None
    for before in known.values():
        if before.processor_refund_id not in gone or before.state is MirroredState.FAILED:
            continue
        was_taken = before.state is MirroredState.TAKEN
        after = replace(before, state=MirroredState.FAILED, step=before.step + was_taken)
        repository.mirrored_refunds.move(after)
        log.error("refund_at_the_processor_failed", purchase_id=purchase.purchase_id, refund_id=after.refund_id)
        yield from failed(after, repository.payments.cause(payment), gave_back=was_taken)


def _mirrored(purchase: Purchase, theirs: list[ShownRefund], work: Work[BillingRepository]) -> Iterable[Outgoing]:
    repository, of = work.repository, purchase.purchase_id
    known = repository.mirrored_refunds.lock(of)
    new = [
        _seen(shown, purchase)
        for shown in theirs
        if shown.outcome is RefundOutcome.SUCCEEDED and shown.processor_refund_id not in known
    ]
    for each in new:
        repository.mirrored_refunds.insert(each)
    undecided = [*(each for each in known.values() if each.state is MirroredState.UNDECIDED), *new]
    refunded_lines = repository.refunds.lines_in_refunds(of)
    left = [line for line in purchase.lines if line.user_id not in refunded_lines]
    payment = repository.payments.lock(of)
    assert payment is not None
    cause = repository.payments.cause(payment)
    news = {each.processor_refund_id for each in new}
    for each in resolved(undecided, left, purchase.price.unit_price_minor):
        if each.state is not MirroredState.UNDECIDED:
            repository.mirrored_refunds.move(each)
        elif each.processor_refund_id in news:
            log.error("refund_at_the_processor_needs_a_person", purchase_id=of, refund_id=each.refund_id)
        if each.processor_refund_id in news:
            yield refunded(each, purchase.buyer_id, repository.refunds.refunded_minor(of), cause)
        if each.state is MirroredState.TAKEN:
            yield from taken_back(each, cause)


def _seen(shown: ShownRefund, purchase: Purchase) -> MirroredRefund:
    return MirroredRefund(
        processor_refund_id=shown.processor_refund_id,
        refund_id=refund_id_of(shown.processor_refund_id),
        workspace_id=purchase.workspace_id,
        purchase_id=purchase.purchase_id,
        amount_minor=shown.amount_minor,
        currency=shown.currency,
        made_at=shown.made_at,
    )
