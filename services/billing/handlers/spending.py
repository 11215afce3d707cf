"""Spending caps: set by the owner, held against every charge that a person or the clock agrees to (B13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.rules import CAP_RULES, Facts
from services.billing.domain.spending import SPENDING_RULES, Spending
from services.billing.domain.verdict import Refusal, Wait, first_objection
from services.billing.handlers.facts import facts_about
from services.billing.handlers.telling import answer, wait_or_refuse
from services.billing.repository import BillingRepository
from shared.contracts.spending import SetSpendingCaps, SpendingCapsSet
from shared.messaging.work import Effect, Received, Work


@dataclass(frozen=True, slots=True)
class Charge:
    """What is about to be charged: by whom, on which method, and when that was said."""

    workspace_id: str
    spender_id: str
    payment_method_id: str
    amount_minor: int
    currency: str
    at: datetime


def charge_of(facts: Facts) -> Charge:
    """The charge of a purchase that its own rules have nothing against."""
    assert facts.workspace is not None
    assert facts.workspace.payment_method_id is not None
    return Charge(
        workspace_id=facts.workspace_id,
        spender_id=facts.actor_id,
        payment_method_id=facts.workspace.payment_method_id,
        amount_minor=facts.price.total_minor,
        currency=facts.price.currency,
        at=facts.at,
    )


def set_spending_caps(received: Received[SetSpendingCaps], work: Work[BillingRepository]) -> Iterator[Effect]:
    """From the next purchase on. What was agreed before stays agreed."""
    command = received.message
    facts = facts_about(received, work, workspace_id=command.workspace_id, actor_id=command.actor_id)
    objection = first_objection(CAP_RULES, facts)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    work.repository.spending.store_caps(command, received.appended_at, received.cause)
    yield answer(SpendingCapsSet(**command.model_dump(), set_at=received.appended_at), received.cause)


def spending_objection(charge: Charge, work: Work[BillingRepository]) -> Refusal | Wait | None:
    """What the caps and the method's declines say against a charge. The workspace is locked."""
    limits = work.repository.spending
    spending = Spending(
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        at=charge.at,
        caps=limits.caps(charge.workspace_id, charge.currency),
        spent=limits.spent(charge.workspace_id, charge.spender_id, charge.currency, charge.at),
        declined_at=limits.declines_of_method(charge.payment_method_id, charge.at),
    )
    return first_objection(SPENDING_RULES, spending)
