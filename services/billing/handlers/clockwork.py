"""What happens by time alone: a request nobody bought, a purchase nobody paid (A4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.billing.domain.decision import Change
from services.billing.domain.outcome import Outcome, Tell, Then
from services.billing.domain.payment import IN_FLIGHT, Payment, PaymentState
from services.billing.domain.schedule import LOOK_AGAIN
from services.billing.handlers.asking import expire
from services.billing.handlers.settlement import cancel_unsent
from services.billing.handlers.timers import CANCEL, UNPAID
from services.billing.repository import BillingRepository
from shared.contracts.reasons import Reason
from shared.messaging.work import Outgoing, Work

# Looked at again after a while: it may be paid at this moment, and what is not paid may still end as declined.
UNDECIDED = IN_FLIGHT | {PaymentState.PROCESSING, PaymentState.CANCELLING}
CANCELLABLE = frozenset({PaymentState.REQUIRES_ACTION, PaymentState.DECLINED})
NEVER_AT_THE_PROCESSOR = Change(
    Outcome.CANCELLED, PaymentState.CANCELLED, Tell.CANCELLED, Then.NOTHING, Reason.UNPAID_TOO_LONG
)


def requests_due(refs: Sequence[str], work: Work[BillingRepository]) -> Iterator[Outgoing]:
    """Requests past their time expire, unless someone is buying them."""
    repository = work.repository
    repository.directory.lock(repository.requests.workspaces_of(refs))
    for request_id in sorted(refs):
        request = repository.requests.lock(request_id)
        if request and request.lapsed(work.now):
            yield expire(request, repository.requests.cause(request_id), work)


def purchases_due(refs: Sequence[str], work: Work[BillingRepository]) -> Iterator[Outgoing]:
    """Purchases that stood unpaid for 24 hours are cancelled at the processor, by an errand of its own."""
    repository = work.repository
    repository.directory.lock(repository.payments.workspaces_of(refs))
    for purchase_id in sorted(refs):
        payment = repository.payments.lock(purchase_id)
        if payment is not None:
            yield from _end_unpaid(payment, work)


def _end_unpaid(payment: Payment, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    repository, purchase_id = work.repository, payment.purchase_id
    if payment.state in UNDECIDED:
        work.timers.set(UNPAID, purchase_id, work.now + LOOK_AGAIN)
    elif payment.state in CANCELLABLE and payment.intent_id:
        repository.payments.move(payment, PaymentState.CANCELLING)
        work.timers.set(CANCEL, purchase_id, work.now)
        work.timers.set(UNPAID, purchase_id, work.now + LOOK_AGAIN)
    elif payment.state in CANCELLABLE:
        purchase = repository.purchases.lock(purchase_id)
        assert purchase is not None
        yield from cancel_unsent(purchase, payment, NEVER_AT_THE_PROCESSOR, work)
