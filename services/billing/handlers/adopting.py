"""A purchase never seen here whose payment the processor has: adopted as it was charged (B8, case 12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import structlog

from services.billing.domain.adoption import ADOPTION_RULES, Charged
from services.billing.domain.rules import Facts, purchase_fits_request, request_is_open
from services.billing.domain.verdict import Wait, first_objection, refuse
from services.billing.handlers.accepting import accept
from services.billing.handlers.facts import facts_about
from services.billing.handlers.telling import refused
from services.billing.repository import BillingRepository
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import PurchaseTopUp
from shared.messaging.work import Effect, Park, Received, Work

log = structlog.get_logger()


def adopt(
    received: Received[PurchaseTopUp], charged: Charged, work: Work[BillingRepository], *, off_session: bool = False
) -> Iterator[Effect]:
    """Accept it without asking today's directory and catalog. Whether the intent is what the command says is compared
    when it is read (`differences`): anything else is parked for a person, as with every payment."""
    command = received.message
    if charged.workspace_id != command.workspace_id:
        # The id is another workspace's, whose command is still to come; accepted here, it would be taken from it.
        yield refused(received, refuse(Reason.PURCHASE_ID_REUSED))
        return
    facts = _facts(received, charged, work)
    objection = first_objection(ADOPTION_RULES, facts)
    if isinstance(objection, Wait) and received.may_wait:
        yield Park(received, objection.waiting_for)
        return
    named = {
        "purchase_id": command.purchase_id,
        "workspace_id": command.workspace_id,
        "payment_intent_id": charged.intent_id,
    }
    if objection is not None:
        # Not remembered as refused: once it can be recorded, the same command may come again.
        because = objection.otherwise if isinstance(objection, Wait) else objection
        log.error("charged_purchase_needs_a_person", because=because.reason, **named)
        yield refused(received, refuse(Reason.NEEDS_A_PERSON))
        return
    log.warning("charged_purchase_adopted", status=charged.status, **named)
    yield from accept(received, _with_request_if_open(facts), work, charged, off_session=off_session)


def _facts(received: Received[PurchaseTopUp], charged: Charged, work: Work[BillingRepository]) -> Facts:
    command = received.message
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
    workspace = facts.workspace and replace(
        facts.workspace,
        customer_id=facts.workspace.customer_id or charged.customer_id,
        payment_method_id=charged.payment_method_id or facts.workspace.payment_method_id,
    )
    catalog = work.repository.catalogs.of_version(command.quote.catalog_version)
    return replace(facts, workspace=workspace, catalog=catalog)


def _with_request_if_open(facts: Facts) -> Facts:
    """A request that cannot be claimed any more is no reason to keep the credits back."""
    if facts.request is not None and first_objection((request_is_open, purchase_fits_request), facts) is None:
        return facts
    if facts.request_id is not None:
        log.error("charged_purchase_without_its_request", workspace_id=facts.workspace_id, request_id=facts.request_id)
    return replace(facts, request_id=None, request=None)
