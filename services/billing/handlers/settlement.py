"""What an answer of the processor changes. The API's reply, a webhook and a poll all end here (case 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import structlog

from services.billing.domain.decision import Change, decide
from services.billing.domain.outcome import Answer, Outcome, Then
from services.billing.domain.payment import IN_FLIGHT, PURCHASE_STATE, Payment, PaymentState
from services.billing.domain.purchase import Purchase, PurchaseState
from services.billing.domain.request import RequestState
from services.billing.domain.schedule import LOOK_AGAIN, poll_after, retry_after
from services.billing.handlers.crediting import finish
from services.billing.handlers.outcomes import Told, told_of
from services.billing.handlers.ringing import ring
from services.billing.handlers.telling import fact
from services.billing.handlers.timers import CANCEL, CHARGE, REQUEST_EXPIRY, SETTLE, UNPAID
from services.billing.repository import BillingRepository
from shared.contracts.top_up_events import RequestReleased
from shared.messaging.work import Cause, Outgoing, Work

log = structlog.get_logger()

# The processor or the road to it is in trouble; it passes.
WEATHER = frozenset({Then.SAME_KEY, Then.READ})
# A payment here is not cancelled by the clock any more.
AT_REST = frozenset({PaymentState.SUCCEEDED, PaymentState.CANCELLED, PaymentState.PARKED})


# After these an auto top-up goes on, or is tried again.
MOVES_OF_INTEREST = frozenset({PurchaseState.DECLINED, PurchaseState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Settled:
    """The payment as it stands afterwards, and what is to be published."""

    payment: Payment
    outgoing: tuple[Outgoing, ...]


def settle(
    asked: Payment,
    answer: Answer,
    work: Work[BillingRepository],
    authenticate_url: str,
    receipt_url: str | None = None,
) -> Settled:
    """Apply an answer that was asked for when the payment stood as `asked`. Old news changes nothing."""
    repository = work.repository
    repository.directory.lock([asked.workspace_id])
    purchase = repository.purchases.lock(asked.purchase_id)
    payment = repository.payments.lock(asked.purchase_id)
    assert purchase is not None
    assert payment is not None
    change = decide(payment, asked.attempt.number, answer, work.now)
    if change is None:
        log.info("payment_answer_is_old", **_fields(payment, answer))
        repository.payments.move(payment, payment.state, authenticate_url)
        return Settled(payment, ())
    _log(payment, answer, change)
    if answer.intent and change.outcome is not Outcome.MISMATCH:
        repository.payments.note_intent(payment.purchase_id, answer.intent)
    repository.payments.move(payment, change.to or payment.state, authenticate_url)
    _set_timers(payment, change, work)
    after = repository.payments.lock(asked.purchase_id)
    assert after is not None
    return Settled(after, tuple(_move_purchase(purchase, after, change, work, receipt_url)))


def cancel_unsent(
    purchase: Purchase, payment: Payment, change: Change, work: Work[BillingRepository]
) -> Iterator[Outgoing]:
    """A payment that the processor never had is cancelled here and now, with the same consequences."""
    work.repository.payments.move(payment, PaymentState.CANCELLED)
    yield from _move_purchase(purchase, payment, change, work)


def _move_purchase(
    purchase: Purchase,
    payment: Payment,
    change: Change,
    work: Work[BillingRepository],
    receipt_url: str | None = None,
) -> Iterator[Outgoing]:
    to = PURCHASE_STATE[change.to] if change.to else None
    if to is None or to is purchase.state:
        return
    repository = work.repository
    repository.purchases.move(purchase, to, work.now, change.reason)
    if to is PurchaseState.DECLINED:
        repository.payments.note_failure(payment, change.reason, change.decline_code)
    cause = repository.payments.cause(payment)
    if to in MOVES_OF_INTEREST:
        ring(purchase.purchase_id, work)
    if change.tell:
        yield told_of(Told(purchase, payment, change, work.now, receipt_url), change.tell, cause)
    if to is PurchaseState.CANCELLED:
        yield from _release(purchase, work, cause)
    if to is PurchaseState.PAID and purchase.credited_at is not None:
        yield from finish(replace(purchase, state=to), cause, work)


def _release(purchase: Purchase, work: Work[BillingRepository], cause: Cause) -> Iterator[Outgoing]:
    """The claim is given back; a request past its time expires at once, by its own alarm (A4)."""
    if purchase.request_id is None:
        return
    request = work.repository.requests.lock(purchase.request_id)
    assert request is not None
    work.repository.requests.move(request, RequestState.REQUESTED)
    work.timers.set(REQUEST_EXPIRY, request.request_id, request.expires_at)
    yield fact(
        RequestReleased(
            workspace_id=request.workspace_id,
            request_id=request.request_id,
            asker_id=request.asker_id,
            purchase_id=purchase.purchase_id,
        ),
        cause,
        request.request_id,
        purchase.purchase_id,
    )


def _set_timers(payment: Payment, change: Change, work: Work[BillingRepository]) -> None:
    """The next call of this payment, by what follows in the decision table."""
    purchase_id = payment.purchase_id
    tries = payment.tries if change.to is None or change.to in IN_FLIGHT else 0
    match change.then:
        case Then.SAME_KEY | Then.READ:
            work.timers.set(CHARGE, purchase_id, work.now + retry_after(tries, purchase_id))
        case Then.POLL:
            work.timers.set(SETTLE, purchase_id, work.now + poll_after(tries, purchase_id))
        case Then.CANCEL:
            work.timers.set(CANCEL, purchase_id, work.now)
            work.timers.set(UNPAID, purchase_id, work.now + LOOK_AGAIN)
        case Then.PERSON:
            work.timers.set(SETTLE, purchase_id, work.now + LOOK_AGAIN)
        case _:
            pass
    if change.to in AT_REST:
        work.timers.cancel(UNPAID, purchase_id)


def _log(payment: Payment, answer: Answer, change: Change) -> None:
    fields = _fields(payment, answer) | {"outcome": change.outcome, "moved_to": change.to, "then": change.then}
    if change.then is Then.PERSON:
        log.error("payment_needs_a_person", note=change.note, error_code=answer.error_code, **fields)
    elif change.then in WEATHER:
        log.warning("payment_waits", note=change.note, error_code=answer.error_code, **fields)
    elif change.to is not None:
        log.info("payment_moved", decline_code=change.decline_code, **fields)


def _fields(payment: Payment, answer: Answer) -> dict[str, object]:
    return {
        "purchase_id": payment.purchase_id,
        "workspace_id": payment.workspace_id,
        "attempt": payment.attempt.number,
        "state": payment.state,
        "outcome": answer.outcome,
        "payment_intent_id": answer.intent.intent_id if answer.intent else payment.intent_id,
        "processor_request_id": answer.request_id,
    }
