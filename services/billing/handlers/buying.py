"""May this be bought? Decided once for ever; no processor is called here (B1 to B7, A4)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.rules import PURCHASE_RULES
from services.billing.domain.verdict import first_objection, refuse
from services.billing.handlers.accepting import accept
from services.billing.handlers.adopting import adopt
from services.billing.handlers.content import content_hash
from services.billing.handlers.facts import facts_about
from services.billing.handlers.finality import refused_before, wait_or_refuse_for_ever
from services.billing.handlers.spending import charge_of, spending_objection
from services.billing.handlers.standing import status_of
from services.billing.handlers.telling import refused
from services.billing.repository import BillingRepository
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import PurchaseTopUp
from shared.messaging.failures import Weather
from shared.messaging.work import Effect, Outgoing, Received, Work


def purchase_top_up(received: Received[PurchaseTopUp], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Accept, or refuse for ever; a repetition is answered with where the purchase stands (B7)."""
    command = received.message
    repetition = _repetition(received, work)
    if repetition:
        yield repetition
        return
    # What the processor was paid comes before anything that the directory or the catalog say by now (B8).
    payments = work.repository.processor_payments
    if not payments.are_listed():
        raise Weather("purchases wait until the processor's payments have been listed")
    charged = payments.of(command.purchase_id)
    if charged is not None:
        yield from adopt(received, charged, work)
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
    objection = first_objection(PURCHASE_RULES, facts) or spending_objection(charge_of(facts), work)
    if objection is None:
        yield from accept(received, facts, work)
        return
    yield wait_or_refuse_for_ever(received, objection, work)


def _repetition(received: Received[PurchaseTopUp], work: Work[BillingRepository]) -> Outgoing | None:
    command = received.message
    purchase = work.repository.purchases.lock(command.purchase_id)
    if purchase is not None:
        # Of another workspace it is told nothing but that the id is taken, in the same words as for other content.
        if purchase.workspace_id == command.workspace_id and purchase.content_hash == content_hash(command):
            return status_of(purchase, received.cause, work)
        return refused(received, refuse(Reason.PURCHASE_ID_REUSED))
    return refused_before(received, work)
