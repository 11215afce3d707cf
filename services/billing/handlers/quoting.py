"""The summary a buyer reviews before buying (B5)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.price import Price
from services.billing.domain.rules import QUOTE_RULES
from services.billing.domain.verdict import first_objection
from services.billing.handlers.facts import facts_about
from services.billing.handlers.spending import charge_of, spending_objection
from services.billing.handlers.telling import answer, wait_or_refuse
from services.billing.repository import BillingRepository
from shared.contracts.top_up_commands import Quote, QuoteTopUp
from shared.contracts.top_up_events import TopUpQuoted
from shared.messaging.work import Effect, Received, Work


def quote_top_up(received: Received[QuoteTopUp], work: Work[BillingRepository]) -> Iterator[Effect]:
    """What a purchase would cost, or why it would be refused."""
    command = received.message
    facts = facts_about(
        received,
        work,
        workspace_id=command.workspace_id,
        actor_id=command.actor_id,
        package_id=command.package_id,
        user_ids=command.user_ids,
    )
    objection = first_objection(QUOTE_RULES, facts) or spending_objection(charge_of(facts), work)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    yield answer(
        TopUpQuoted(
            workspace_id=command.workspace_id,
            actor_id=command.actor_id,
            quote=as_quote(facts.price),
            credits_each=facts.package.credits,
        ),
        received.cause,
    )


def as_quote(price: Price) -> Quote:
    """A price in the words of the wire."""
    return Quote(
        package_id=price.package_id,
        user_ids=price.user_ids,
        unit_price_minor=price.unit_price_minor,
        total_minor=price.total_minor,
        currency=price.currency,
        catalog_version=price.catalog_version,
    )
