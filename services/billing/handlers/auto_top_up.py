"""Auto top-up is set and stopped by owner or admin, account by account (B14)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.auto_top_up import AutoTopUp, price_objection
from services.billing.domain.rules import QUOTE_RULES, STOP_RULES, Facts
from services.billing.domain.verdict import Refusal, Wait, first_objection, refuse
from services.billing.handlers.facts import facts_about
from services.billing.handlers.telling import answer, fact, refused, wait_or_refuse
from services.billing.handlers.timers import AUTO_TOP_UP
from services.billing.repository import BillingRepository
from shared.contracts.auto_top_up import AutoTopUpSet, AutoTopUpStopped, SetAutoTopUp, StopAutoTopUp
from shared.contracts.reasons import Reason
from shared.messaging.work import Effect, Outgoing, Received, Work


def set_auto_top_up(received: Received[SetAutoTopUp], work: Work[BillingRepository]) -> Iterator[Effect]:
    """What a person may buy for the account, the clock may buy in his name from now on."""
    command = received.message
    facts = facts_about(
        received,
        work,
        workspace_id=command.workspace_id,
        actor_id=command.actor_id,
        package_id=command.package_id,
        user_ids=(command.user_id,),
    )
    objection = first_objection(QUOTE_RULES, facts) or _price_objection(command, facts)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    work.repository.auto_top_ups.store(command, received.appended_at, received.cause)
    work.timers.set(AUTO_TOP_UP, account_of(command), work.now)
    yield answer(AutoTopUpSet(**command.model_dump(), set_at=received.appended_at), received.cause)


def stop_auto_top_up(received: Received[StopAutoTopUp], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Nothing more is bought by itself; what is under way goes on."""
    command = received.message
    facts = facts_about(received, work, workspace_id=command.workspace_id, actor_id=command.actor_id)
    objection = first_objection(STOP_RULES, facts)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    auto = work.repository.auto_top_ups.lock(command.workspace_id, command.user_id)
    if auto is None or not auto.is_on:
        yield refused(received, refuse(Reason.NO_AUTO_TOP_UP))
        return
    work.repository.auto_top_ups.switch_off(auto)
    work.timers.cancel(AUTO_TOP_UP, account_of(auto))
    yield answer(
        AutoTopUpStopped(
            workspace_id=auto.workspace_id,
            user_id=auto.user_id,
            cause="switched_off",
            set_by=auto.actor_id,
            actor_id=command.actor_id,
        ),
        received.cause,
    )


def stopped_for(auto: AutoTopUp, refusal: Refusal, work: Work[BillingRepository]) -> Outgoing:
    """It cannot go on by itself: switched off, and people are told."""
    work.repository.auto_top_ups.switch_off(auto)
    work.timers.cancel(AUTO_TOP_UP, account_of(auto))
    cause = work.repository.auto_top_ups.cause(auto)
    message = AutoTopUpStopped(
        workspace_id=auto.workspace_id,
        user_id=auto.user_id,
        cause="declined" if refusal.reason is Reason.DECLINED_TOO_OFTEN else "refused",
        set_by=auto.actor_id,
        reason=refusal.reason,
        detail=refusal.detail,
        purchase_id=auto.purchase_id,
    )
    # One that is set again by another command, and stopped again, is another fact.
    return fact(message, cause, auto.workspace_id, auto.user_id, cause.source, cause.id)


def account_of(of: AutoTopUp | SetAutoTopUp) -> str:
    """The account as timers name it. Neither id can hold a slash."""
    return f"{of.workspace_id}/{of.user_id}"


def _price_objection(command: SetAutoTopUp, facts: Facts) -> Refusal | Wait | None:
    wanted = AutoTopUp(
        workspace_id=command.workspace_id,
        user_id=command.user_id,
        is_on=True,
        actor_id=command.actor_id,
        package_id=command.package_id,
        threshold_credits=command.threshold_credits,
        monthly_cap_minor=command.monthly_cap_minor,
        currency=command.currency,
    )
    return price_objection(wanted, facts.price)
