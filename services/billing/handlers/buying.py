"""A purchase is accepted: recorded, its request claimed, its charge due. No processor is called here (B1 to B7, A4)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.purchase import UNPAID_LIMIT, Line, Purchase, PurchaseState
from services.billing.domain.request import RequestState
from services.billing.domain.rules import PURCHASE_RULES, Facts
from services.billing.domain.verdict import Refusal, first_objection, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.facts import facts_about
from services.billing.handlers.standing import status_of
from services.billing.handlers.telling import fact, refused, wait_or_refuse
from services.billing.handlers.timers import CHARGE, REQUEST_EXPIRY, UNPAID
from services.billing.repository import BillingRepository
from services.billing.repository.payments import NewAttempt, NewPayment
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import PurchaseTopUp
from shared.contracts.top_up_events import PurchaseAccepted, RequestClaimed
from shared.messaging.ids import derive
from shared.messaging.work import Effect, Outgoing, Park, Received, Work


def purchase_top_up(received: Received[PurchaseTopUp], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Accept, or refuse for ever; a repetition is answered with where the purchase stands (B7)."""
    command = received.message
    repetition = _repetition(received, work)
    if repetition:
        yield repetition
        return
    facts = facts_about(
        received,
        work,
        workspace_id=command.workspace_id,
        actor_id=command.actor_id,
        package_id=command.quote.package_id,
        user_ids=command.quote.user_ids,
        reviewed=command.quote,
        request_id=command.request_id,
    )
    objection = first_objection(PURCHASE_RULES, facts)
    if objection is None:
        yield from _accept(received, facts, work)
        return
    effect = wait_or_refuse(received, objection)
    if not isinstance(effect, Park):
        refusal = objection if isinstance(objection, Refusal) else objection.otherwise
        _remember(received, refusal, work)
    yield effect


def attempt_key(purchase_id: str, attempt: int) -> str:
    """The idempotency key of an attempt: derived, so that a replay or a restored database sends the same (B7, B10)."""
    return str(derive("charge", purchase_id, attempt))


def lot_of(purchase_id: str, user_id: str) -> str:
    """The lot that an editor's line of this purchase becomes."""
    return str(derive("lot", purchase_id, user_id))


def _repetition(received: Received[PurchaseTopUp], work: Work[BillingRepository]) -> Outgoing | None:
    command = received.message
    purchases = work.repository.purchases
    content = content_hash(command)
    purchase = purchases.lock(command.purchase_id)
    if purchase is not None:
        # Of another workspace it is told nothing but that the id is taken, in the same words as for other content.
        if purchase.workspace_id == command.workspace_id and purchase.content_hash == content:
            return status_of(purchase, received.cause, work)
        return refused(received, refuse(Reason.PURCHASE_ID_REUSED))
    remembered = purchases.refusal(command.workspace_id, command.purchase_id)
    if remembered is None:
        return None
    same = remembered.content_hash == content
    return refused(received, remembered.refusal if same else refuse(Reason.PURCHASE_ID_REUSED))


def _remember(received: Received[PurchaseTopUp], refusal: Refusal, work: Work[BillingRepository]) -> None:
    command = received.message
    work.repository.purchases.remember_refusal(
        command.workspace_id, command.purchase_id, content_hash(command), refusal, received.appended_at
    )


def _accept(received: Received[PurchaseTopUp], facts: Facts, work: Work[BillingRepository]) -> Iterator[Effect]:
    command = received.message
    purchase = _purchase(received, facts)
    if not work.repository.purchases.insert(purchase):  # taken by another workspace at this very moment
        yield refused(received, refuse(Reason.PURCHASE_ID_REUSED))
        return
    _insert_payment(received, facts, purchase, work)
    yield fact(
        PurchaseAccepted(
            workspace_id=purchase.workspace_id,
            purchase_id=purchase.purchase_id,
            buyer_id=purchase.buyer_id,
            request_id=purchase.request_id,
            quote=command.quote,
        ),
        received.cause,
        purchase.purchase_id,
    )
    if facts.request is not None:
        yield _claim(received, facts, purchase, work)
    work.timers.set(UNPAID, purchase.purchase_id, purchase.accepted_at + UNPAID_LIMIT)
    work.timers.set(CHARGE, purchase.purchase_id, work.now)


def _purchase(received: Received[PurchaseTopUp], facts: Facts) -> Purchase:
    command = received.message
    return Purchase(
        purchase_id=command.purchase_id,
        workspace_id=command.workspace_id,
        buyer_id=command.actor_id,
        request_id=command.request_id,
        price=facts.price,
        credits_each=facts.package.credits,
        lines=tuple(Line(user, lot_of(command.purchase_id, user)) for user in facts.user_ids),
        state=PurchaseState.ACCEPTED,
        content_hash=content_hash(command),
        accepted_at=received.appended_at,
    )


def _insert_payment(
    received: Received[PurchaseTopUp], facts: Facts, purchase: Purchase, work: Work[BillingRepository]
) -> None:
    workspace = facts.workspace
    assert workspace is not None
    assert workspace.customer_id is not None
    assert workspace.payment_method_id is not None
    work.repository.payments.insert(
        NewPayment(
            purchase_id=purchase.purchase_id,
            workspace_id=purchase.workspace_id,
            customer_id=workspace.customer_id,
            amount_minor=purchase.price.total_minor,
            currency=purchase.price.currency,
            # Seen by the buyer's bank and in the processor's dashboard: nothing personal.
            description=f"AI credits: {len(purchase.lines)} x {purchase.price.package_id}",
        ),
        NewAttempt(
            number=1,
            actor_id=purchase.buyer_id,
            payment_method_id=workspace.payment_method_id,
            idempotency_key=attempt_key(purchase.purchase_id, 1),
            commanded_at=received.appended_at,
            cause=received.cause,
        ),
    )


def _claim(
    received: Received[PurchaseTopUp], facts: Facts, purchase: Purchase, work: Work[BillingRepository]
) -> Outgoing:
    request = facts.request
    assert request is not None
    work.repository.requests.move(request, RequestState.CLAIMED, purchase.purchase_id)
    work.timers.cancel(REQUEST_EXPIRY, request.request_id)
    return fact(
        RequestClaimed(
            workspace_id=request.workspace_id,
            request_id=request.request_id,
            asker_id=request.asker_id,
            purchase_id=purchase.purchase_id,
            buyer_id=purchase.buyer_id,
        ),
        received.cause,
        request.request_id,
        purchase.purchase_id,
    )
