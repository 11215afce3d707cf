"""The clock looks at an account: buys for it, tries again what was declined, or lets it be (B14).

Whatever happens to an account or its purchase sets the timer; what is to be done is read off the rows each time, so it
does not matter how often it rings. A purchase goes the road of a person's: accepted, charged, credited and told alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from services.billing.domain.auto_top_up import (
    BACK_OFF,
    DECLINES_ALLOWED,
    LOOK_AGAIN,
    STOPPING,
    AutoTopUp,
    cap_objection,
    price_objection,
)
from services.billing.domain.payment import Payment
from services.billing.domain.purchase import Purchase, PurchaseState
from services.billing.domain.retrying import objection as retry_objection
from services.billing.domain.rules import NEW_CHARGE_RULES, QUOTE_RULES, RETRY_RULES, Facts, payment_method_is_saved
from services.billing.domain.verdict import Refusal, Wait, first_objection, refuse
from services.billing.handlers.accepting import accept, attempt_key
from services.billing.handlers.adopting import adopt
from services.billing.handlers.auto_top_up import account_of, stopped_for
from services.billing.handlers.facts import facts_at
from services.billing.handlers.quoting import as_quote
from services.billing.handlers.spending import Charge, charge_of, spending_objection
from services.billing.handlers.telling import fact
from services.billing.handlers.timers import AUTO_TOP_UP, CHARGE
from services.billing.repository import BillingRepository
from services.billing.repository.payments import NewAttempt
from shared.contracts.auto_top_up import AutoTopUpHeldBack
from shared.contracts.catalog import TOP_UP_COMMANDS
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import PurchaseTopUp
from shared.messaging.failures import Weather
from shared.messaging.ids import derive
from shared.messaging.work import Outgoing, Received, Work

log = structlog.get_logger()


def accounts_due(refs: Sequence[str], work: Work[BillingRepository]) -> Iterator[Outgoing]:
    """Accounts that something happened to, or whose waiting is over."""
    accounts = sorted(tuple(ref.split("/")) for ref in refs)
    work.repository.directory.lock(workspace_id for workspace_id, _ in accounts)
    for workspace_id, user_id in accounts:
        auto = work.repository.auto_top_ups.lock(workspace_id, user_id)
        if auto is not None:
            yield from _look(auto, work)


def _look(auto: AutoTopUp, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    if auto.purchase_id is not None:
        yield from _look_after(auto, auto.purchase_id, work)
    elif auto.is_on:
        yield from _buy_if_low(auto, work)


def _look_after(auto: AutoTopUp, purchase_id: str, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    purchase = work.repository.purchases.lock(purchase_id)
    payment = work.repository.payments.lock(purchase_id)
    assert purchase is not None
    assert payment is not None
    match purchase.state:
        case PurchaseState.CREDITED:
            work.repository.auto_top_ups.end(auto, paid=True)
            work.timers.set(AUTO_TOP_UP, account_of(auto), work.now)
        case PurchaseState.CANCELLED:
            not_before = work.now + BACK_OFF[0]
            work.repository.auto_top_ups.end(auto, paid=False, not_before=not_before)
            work.timers.set(AUTO_TOP_UP, account_of(auto), not_before)
        case PurchaseState.DECLINED if not auto.is_on:
            pass  # a person's now
        case PurchaseState.DECLINED if payment.attempt.number > auto.noted_attempt:
            yield from _note_decline(auto, payment, work)
        case PurchaseState.DECLINED:
            yield from _try_again(auto, purchase, payment, work)
        case _:
            pass  # on its way, or with a person: it rings when it has moved


def _note_decline(auto: AutoTopUp, payment: Payment, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    """Back off, or give up after three in a row. The purchase stays: a person may try it with another method."""
    declines = auto.declines + 1
    last = declines >= DECLINES_ALLOWED
    not_before = None if last else work.now + BACK_OFF[declines - 1]
    work.repository.auto_top_ups.note_decline(auto, payment.attempt.number, not_before)
    log.info("auto_top_up_declined", workspace_id=auto.workspace_id, user_id=auto.user_id, declines=declines)
    if last:
        yield stopped_for(auto, refuse(Reason.DECLINED_TOO_OFTEN, f"Declined {declines} times in a row."), work)
    elif not_before is not None:
        work.timers.set(AUTO_TOP_UP, account_of(auto), not_before)


def _try_again(
    auto: AutoTopUp, purchase: Purchase, payment: Payment, work: Work[BillingRepository]
) -> Iterator[Outgoing]:
    """The next attempt on the same payment, with the method that the workspace has by now (B9)."""
    if auto.waits_at(work.now):
        _look_later(auto, auto.not_before, work)
        return
    number = payment.attempt.number + 1
    facts = _facts(auto, work)
    objection = first_objection((*RETRY_RULES, *NEW_CHARGE_RULES, payment_method_is_saved), facts)
    objection = objection or retry_objection(payment, number)
    if objection is None:
        assert facts.workspace is not None
        assert facts.workspace.payment_method_id is not None
        charge = Charge(
            workspace_id=auto.workspace_id,
            spender_id=auto.actor_id,
            payment_method_id=facts.workspace.payment_method_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            at=work.now,
        )
        objection = spending_objection(charge, work) or _cap_objection(auto, payment.amount_minor, work)
    if objection:
        yield from _objected(auto, objection, work)
        return
    assert facts.workspace is not None
    assert facts.workspace.payment_method_id is not None
    attempt = NewAttempt(
        number=number,
        actor_id=auto.actor_id,
        payment_method_id=facts.workspace.payment_method_id,
        idempotency_key=attempt_key(payment.purchase_id, number),
        commanded_at=work.now,
        cause=work.repository.auto_top_ups.cause(auto),
        off_session=True,
    )
    work.repository.payments.begin_attempt(payment.purchase_id, attempt)
    work.repository.purchases.move(purchase, PurchaseState.ACCEPTED, work.now)
    work.timers.set(CHARGE, payment.purchase_id, work.now)


def _buy_if_low(auto: AutoTopUp, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    repository = work.repository
    if not auto.is_low(repository.auto_top_ups.balance(auto.workspace_id, auto.user_id)):
        return
    if auto.waits_at(work.now):
        _look_later(auto, auto.not_before, work)
        return
    if repository.auto_top_ups.is_being_topped_up(auto, work.now):
        return  # somebody was quicker; it rings when those credits are there
    if not repository.processor_payments.are_listed():
        raise Weather("purchases wait until the processor's payments have been listed")
    facts = _facts(auto, work)
    objection = first_objection(QUOTE_RULES, facts)
    objection = objection or price_objection(auto, facts.price) or spending_objection(charge_of(facts), work)
    objection = objection or _cap_objection(auto, facts.price.total_minor, work)
    if objection:
        yield from _objected(auto, objection, work)
        return
    yield from _buy(auto, facts, work)


def _buy(auto: AutoTopUp, facts: Facts, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    cause = work.repository.auto_top_ups.cause(auto)
    # From the command's own id, which nobody can guess: a database that was restored makes the same one again.
    named = derive("auto-top-up", auto.workspace_id, auto.user_id, cause.source, cause.id, auto.purchases + 1)
    command = PurchaseTopUp(
        workspace_id=auto.workspace_id,
        actor_id=auto.actor_id,
        purchase_id=str(named),
        quote=as_quote(facts.price),
    )
    received = Received(command, cause, TOP_UP_COMMANDS.name, 0, 0, 0, work.now, may_wait=False)
    charged = work.repository.processor_payments.of(command.purchase_id)
    if charged is not None:
        effects = adopt(received, charged, work, off_session=True)
    else:
        effects = accept(received, replace(facts, reviewed=facts.price), work, off_session=True)
    for effect in effects:
        assert isinstance(effect, Outgoing), "nothing is waited for here"
        yield effect
    work.repository.auto_top_ups.begin(auto, command.purchase_id, work.now)
    log.info("auto_top_up_begun", workspace_id=auto.workspace_id, user_id=auto.user_id, purchase_id=str(named))


def _objected(auto: AutoTopUp, objection: Refusal | Wait, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    """What a person must mend ends it; all else is looked at again, and told once until it is another reason."""
    refusal = objection.otherwise if isinstance(objection, Wait) else objection
    if isinstance(objection, Refusal) and refusal.reason in STOPPING:
        yield stopped_for(auto, refusal, work)
        return
    # Time mends it then at the latest; a cap may be raised or a method saved before.
    look_at = work.now + LOOK_AGAIN
    again_at = refusal.try_again_at or look_at
    look_at = min(again_at, look_at)
    work.repository.auto_top_ups.hold_back(auto, refusal.reason, look_at)
    work.timers.set(AUTO_TOP_UP, account_of(auto), look_at)
    if refusal.reason is auto.held_back_for:
        return
    message = AutoTopUpHeldBack(
        workspace_id=auto.workspace_id,
        user_id=auto.user_id,
        reason=refusal.reason,
        detail=refusal.detail,
        try_again_at=again_at,
    )
    cause = work.repository.auto_top_ups.cause(auto)
    named = (cause.source, cause.id, auto.purchases, refusal.reason, again_at.isoformat())
    yield fact(message, cause, auto.workspace_id, auto.user_id, *named)


def _facts(auto: AutoTopUp, work: Work[BillingRepository]) -> Facts:
    """As they are now: whoever may not buy any more does not buy by the clock either."""
    return facts_at(
        work.now,
        work,
        workspace_id=auto.workspace_id,
        actor_id=auto.actor_id,
        package_id=auto.package_id,
        user_ids=(auto.user_id,),
    )


def _cap_objection(auto: AutoTopUp, amount_minor: int, work: Work[BillingRepository]) -> Refusal | None:
    spent_minor = work.repository.auto_top_ups.spent_in_month(auto, work.now)
    return cap_objection(auto, amount_minor, spent_minor, work.now)


def _look_later(auto: AutoTopUp, at: datetime | None, work: Work[BillingRepository]) -> None:
    if at is not None:
        work.timers.set(AUTO_TOP_UP, account_of(auto), at)
