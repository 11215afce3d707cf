"""A declined purchase is tried again with another saved method, as the next attempt on the same payment (B9)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.payment import Payment
from services.billing.domain.purchase import Purchase, PurchaseState
from services.billing.domain.retrying import objection as retry_objection
from services.billing.domain.rules import NEW_CHARGE_RULES, RETRY_RULES
from services.billing.domain.verdict import first_objection, refuse
from services.billing.handlers.accepting import attempt_key
from services.billing.handlers.facts import facts_about
from services.billing.handlers.spending import Charge, spending_objection
from services.billing.handlers.standing import status_of
from services.billing.handlers.telling import refused, wait_or_refuse
from services.billing.handlers.timers import CHARGE
from services.billing.repository import BillingRepository
from services.billing.repository.payments import NewAttempt
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import RetryPurchase
from shared.messaging.work import Effect, Received, Work


def retry_purchase(received: Received[RetryPurchase], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Begin the attempt, or say where the purchase stands when it had begun before. The charge tells the outcome.

    The number makes the attempt once, whatever envelope brings it; the inbox makes the message once, so that a refused
    one does not act when it is delivered again later.
    """
    command = received.message
    facts = facts_about(received, work, workspace_id=command.workspace_id, actor_id=command.actor_id)
    objection = first_objection(RETRY_RULES, facts)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    purchase = work.repository.purchases.lock(command.purchase_id)
    if purchase is None or purchase.workspace_id != command.workspace_id:
        yield refused(received, refuse(Reason.UNKNOWN_PURCHASE))
        return
    payments = work.repository.payments
    if payments.method_of(command.purchase_id, command.attempt) == command.payment_method_id:
        yield status_of(purchase, received.cause, work)
        return
    payment = payments.lock(command.purchase_id)
    assert payment is not None
    charge = Charge(
        workspace_id=command.workspace_id,
        spender_id=command.actor_id,
        payment_method_id=command.payment_method_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        at=received.appended_at,
    )
    objection = (
        retry_objection(payment, command.attempt)
        or first_objection(NEW_CHARGE_RULES, facts)
        or spending_objection(charge, work)
    )
    if objection:
        yield wait_or_refuse(received, objection)
        return
    yield _begin(received, purchase, payment, work)


def _begin(
    received: Received[RetryPurchase], purchase: Purchase, payment: Payment, work: Work[BillingRepository]
) -> Effect:
    command = received.message
    repository = work.repository
    repository.payments.begin_attempt(
        payment.purchase_id,
        NewAttempt(
            number=command.attempt,
            actor_id=command.actor_id,
            payment_method_id=command.payment_method_id,
            idempotency_key=attempt_key(payment.purchase_id, command.attempt),
            commanded_at=received.appended_at,
            cause=received.cause,
        ),
    )
    repository.purchases.move(purchase, PurchaseState.ACCEPTED, work.now)
    work.timers.set(CHARGE, payment.purchase_id, work.now)
    begun = repository.purchases.lock(payment.purchase_id)
    assert begun is not None
    return status_of(begun, received.cause, work)
