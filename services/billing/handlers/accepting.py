"""A purchase that nothing stands against any more: recorded, its request claimed, its charge due (B6, B7, A4)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.adoption import Charged
from services.billing.domain.purchase import UNPAID_LIMIT, Line, Purchase, PurchaseState
from services.billing.domain.request import RequestState
from services.billing.domain.rules import Facts
from services.billing.domain.verdict import refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.telling import fact, refused
from services.billing.handlers.timers import CHARGE, REQUEST_EXPIRY, UNPAID
from services.billing.repository import BillingRepository
from services.billing.repository.payments import NewAttempt, NewPayment
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import PurchaseTopUp
from shared.contracts.top_up_events import PurchaseAccepted, RequestClaimed
from shared.messaging.ids import derive
from shared.messaging.work import Effect, Outgoing, Received, Work


def attempt_key(purchase_id: str, attempt: int) -> str:
    """The idempotency key of an attempt: derived, so that a replay or a restored database sends the same (B7, B10)."""
    return str(derive("charge", purchase_id, attempt))


def lot_of(purchase_id: str, user_id: str) -> str:
    """The lot that an editor's line of this purchase becomes."""
    return str(derive("lot", purchase_id, user_id))


def accept(
    received: Received[PurchaseTopUp],
    facts: Facts,
    work: Work[BillingRepository],
    charged: Charged | None = None,
    *,
    off_session: bool = False,
) -> Iterator[Effect]:
    """Record it, claim its request, have it charged; what was `charged` before is read instead.

    `off_session`: nobody is there to authenticate (B14).
    """
    command = received.message
    purchase = _purchase(received, facts)
    if not work.repository.purchases.insert(purchase):  # taken by another workspace at this very moment
        yield refused(received, refuse(Reason.PURCHASE_ID_REUSED))
        return
    _insert_payment(received, facts, purchase, charged, work, off_session=off_session)
    yield fact(
        PurchaseAccepted(
            workspace_id=purchase.workspace_id,
            purchase_id=purchase.purchase_id,
            buyer_id=purchase.buyer_id,
            request_id=purchase.request_id,
            quote=command.quote,
            automatic=True if off_session else None,
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
        request_id=facts.request_id,
        price=facts.price,
        credits_each=facts.package.credits,
        lines=tuple(Line(user, lot_of(command.purchase_id, user)) for user in facts.user_ids),
        state=PurchaseState.ACCEPTED,
        content_hash=content_hash(command),
        accepted_at=received.appended_at,
    )


def _insert_payment(
    received: Received[PurchaseTopUp],
    facts: Facts,
    purchase: Purchase,
    charged: Charged | None,
    work: Work[BillingRepository],
    *,
    off_session: bool,
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
            off_session=off_session,
        ),
    )
    if charged is not None:
        work.repository.payments.adopt_intent(purchase.purchase_id, charged.intent_id)


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
