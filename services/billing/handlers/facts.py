"""Everything a decision about a command rests on, read in its transaction from this service's own tables (B2)."""

from __future__ import annotations

from datetime import datetime

from services.billing.domain.price import Price
from services.billing.domain.request import Request
from services.billing.domain.rules import Facts
from services.billing.repository import BillingRepository
from shared.contracts.message import Message
from shared.contracts.top_up_commands import Quote
from shared.messaging.work import Received, Work


def facts_about(
    received: Received[Message],
    work: Work[BillingRepository],
    *,
    workspace_id: str,
    actor_id: str,
    package_id: str = "",
    user_ids: tuple[str, ...] = (),
    reviewed: Quote | None = None,
    request_id: str | None = None,
    own_open_request: Request | None = None,
) -> Facts:
    """The facts for a command of `workspace_id`, as of its place in the log."""
    return facts_at(
        received.appended_at,
        work,
        workspace_id=workspace_id,
        actor_id=actor_id,
        package_id=package_id,
        user_ids=user_ids,
        reviewed=reviewed,
        request_id=request_id,
        own_open_request=own_open_request,
    )


def facts_at(
    at: datetime,
    work: Work[BillingRepository],
    *,
    workspace_id: str,
    actor_id: str,
    package_id: str = "",
    user_ids: tuple[str, ...] = (),
    reviewed: Quote | None = None,
    request_id: str | None = None,
    own_open_request: Request | None = None,
) -> Facts:
    """The facts about a workspace as of this instant; a request of another one is not among them."""
    repository = work.repository
    request = _request(work, workspace_id, request_id)
    if request is not None:
        own_open_request = repository.requests.open_of(workspace_id, request.asker_id)
    return Facts(
        workspace_id=workspace_id,
        actor_id=actor_id,
        at=at,
        workspace=repository.directory.workspace(workspace_id),
        members=repository.directory.members(workspace_id, (actor_id, *user_ids)),
        catalog=repository.catalogs.in_force(at) if package_id else None,
        known_versions=repository.catalogs.versions() if reviewed else frozenset(),
        package_id=package_id,
        user_ids=user_ids,
        reviewed=_price(reviewed) if reviewed else None,
        request_id=request_id,
        request=request,
        own_open_request=own_open_request,
    )


def _request(work: Work[BillingRepository], workspace_id: str, request_id: str | None) -> Request | None:
    request = work.repository.requests.lock(request_id) if request_id else None
    return request if request and request.workspace_id == workspace_id else None


def _price(quote: Quote) -> Price:
    return Price(
        package_id=quote.package_id,
        user_ids=quote.user_ids,
        unit_price_minor=quote.unit_price_minor,
        total_minor=quote.total_minor,
        currency=quote.currency,
        catalog_version=quote.catalog_version,
    )
