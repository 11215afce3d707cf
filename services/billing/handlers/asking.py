"""A member asks for a package, takes it back, or is told no (A1 to A6)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.request import OPEN_STATES, REQUEST_LIFETIME, Request, RequestState
from services.billing.domain.rules import ASK_RULES, CANCEL_RULES, DECLINE_RULES, Facts
from services.billing.domain.spending import too_many_requests
from services.billing.domain.verdict import Refusal, first_objection, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.facts import facts_about
from services.billing.handlers.finality import refused_before, wait_or_refuse_for_ever
from services.billing.handlers.telling import fact, refused, wait_or_refuse
from services.billing.handlers.timers import REQUEST_EXPIRY
from services.billing.repository import BillingRepository
from services.billing.repository.requests import NewRequest
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import CancelRequest, DeclineRequest, RequestTopUp
from shared.contracts.top_up_events import RequestCancelled, RequestDeclined, RequestExpired, TopUpRequested
from shared.messaging.work import Cause, Effect, Outgoing, Received, Work


def request_top_up(received: Received[RequestTopUp], work: Work[BillingRepository]) -> Iterator[Effect]:
    """A request stands from now on, for 14 days; while one is open nothing more is asked (A5)."""
    command = received.message
    requests = work.repository.requests
    known = requests.lock(command.request_id)
    if known is not None:
        yield refused(received, repeated(known, command))
        return
    final = refused_before(received, work)
    if final is not None:
        yield final
        return
    earlier = requests.open_of(command.workspace_id, command.actor_id)
    if earlier and earlier.lapsed(received.appended_at):
        # The clock work has not come round yet; what is decided does not depend on it.
        yield expire(earlier, requests.cause(earlier.request_id), work)
        earlier = None
    facts = facts_about(
        received,
        work,
        workspace_id=command.workspace_id,
        actor_id=command.actor_id,
        package_id=command.package_id,
        own_open_request=earlier,
    )
    asked_at = work.repository.spending.asked_by(command.workspace_id, command.actor_id, received.appended_at)
    objection = first_objection(ASK_RULES, facts) or too_many_requests(asked_at)
    if objection:
        yield wait_or_refuse_for_ever(received, objection, work)
        return
    yield from _store(received, facts, work)


def repeated(known: Request, command: RequestTopUp) -> Refusal:
    """The id was used: by the same words it changes nothing and tells nobody, by others it is refused."""
    if known.workspace_id != command.workspace_id or known.content_hash != content_hash(command):
        return refuse(Reason.REQUEST_ID_REUSED)
    if known.state in OPEN_STATES:
        return refuse(Reason.REQUEST_ALREADY_OPEN, f"It is {known.request_id}.")
    return refuse(Reason.REQUEST_NOT_OPEN, f"It is {known.state.value}.")


def cancel_request(received: Received[CancelRequest], work: Work[BillingRepository]) -> Iterator[Effect]:
    """The asker takes it back."""
    command = received.message
    facts = facts_about(
        received,
        work,
        workspace_id=command.workspace_id,
        actor_id=command.actor_id,
        request_id=command.request_id,
    )
    objection = first_objection(CANCEL_RULES, facts)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    request = _resolve(facts, RequestState.CANCELLED, work)
    yield fact(
        RequestCancelled(workspace_id=request.workspace_id, request_id=request.request_id, asker_id=request.asker_id),
        received.cause,
        request.request_id,
    )


def decline_request(received: Received[DeclineRequest], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Owner or admin says no, with a reason."""
    command = received.message
    facts = facts_about(
        received,
        work,
        workspace_id=command.workspace_id,
        actor_id=command.actor_id,
        request_id=command.request_id,
    )
    objection = first_objection(DECLINE_RULES, facts)
    if objection:
        yield wait_or_refuse(received, objection)
        return
    request = _resolve(facts, RequestState.DECLINED, work)
    yield fact(
        RequestDeclined(
            workspace_id=request.workspace_id,
            request_id=request.request_id,
            asker_id=request.asker_id,
            decliner_id=command.actor_id,
            reason=command.reason,
        ),
        received.cause,
        request.request_id,
    )


def expire(request: Request, cause: Cause, work: Work[BillingRepository]) -> Outgoing:
    """Nobody bought it in time."""
    work.repository.requests.move(request, RequestState.EXPIRED)
    work.timers.cancel(REQUEST_EXPIRY, request.request_id)
    return fact(
        RequestExpired(workspace_id=request.workspace_id, request_id=request.request_id, asker_id=request.asker_id),
        cause,
        request.request_id,
    )


def _store(received: Received[RequestTopUp], facts: Facts, work: Work[BillingRepository]) -> Iterator[Effect]:
    command = received.message
    assert facts.catalog is not None
    expires_at = received.appended_at + REQUEST_LIFETIME
    stored = work.repository.requests.insert(
        NewRequest(
            request_id=command.request_id,
            workspace_id=command.workspace_id,
            asker_id=command.actor_id,
            package=facts.package,
            catalog=facts.catalog,
            content_hash=content_hash(command),
            requested_at=received.appended_at,
            expires_at=expires_at,
            cause=received.cause,
        )
    )
    if not stored:  # taken by another workspace at this very moment
        yield refused(received, refuse(Reason.REQUEST_ID_REUSED))
        return
    work.timers.set(REQUEST_EXPIRY, command.request_id, expires_at)
    yield fact(
        TopUpRequested(
            workspace_id=command.workspace_id,
            request_id=command.request_id,
            asker_id=command.actor_id,
            package_id=command.package_id,
            credits=facts.package.credits,
            price_minor=facts.package.price_minor,
            currency=facts.package.currency,
            catalog_version=facts.catalog.version,
            expires_at=expires_at,
        ),
        received.cause,
        command.request_id,
    )


def _resolve(facts: Facts, state: RequestState, work: Work[BillingRepository]) -> Request:
    assert facts.request is not None
    work.repository.requests.move(facts.request, state)
    work.timers.cancel(REQUEST_EXPIRY, facts.request.request_id)
    return facts.request
