"""A member's request for a package, and the states it may pass (A4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

REQUEST_LIFETIME = timedelta(days=14)  # A4


class RequestState(StrEnum):
    """Where a request stands. `claimed`: a purchase for it was accepted and nobody else can buy it meanwhile."""

    REQUESTED = "requested"
    CLAIMED = "claimed"
    FULFILLED = "fulfilled"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


OPEN_STATES = frozenset({RequestState.REQUESTED, RequestState.CLAIMED})  # A5: at most one of these per asker

REQUEST_TRANSITIONS: dict[RequestState, frozenset[RequestState]] = {
    RequestState.REQUESTED: frozenset(
        {RequestState.CLAIMED, RequestState.DECLINED, RequestState.CANCELLED, RequestState.EXPIRED}
    ),
    RequestState.CLAIMED: frozenset({RequestState.REQUESTED, RequestState.FULFILLED}),
    RequestState.FULFILLED: frozenset(),
    RequestState.DECLINED: frozenset(),
    RequestState.CANCELLED: frozenset(),
    # By a command that was appended to the log before the request's time was up and is handled after the clock work.
    RequestState.EXPIRED: frozenset({RequestState.CLAIMED, RequestState.DECLINED, RequestState.CANCELLED}),
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands. `purchase_id` and `buyer_id` name who claimed or fulfilled it."""

    request_id: str
    workspace_id: str
    asker_id: str
    package_id: str
    state: RequestState
    expires_at: datetime
    content_hash: bytes
    purchase_id: str | None = None
    buyer_id: str | None = None

    def open_at(self, at: datetime) -> bool:
        """Not being bought, not resolved, and its time was not up; whether or not the clock work has run since."""
        return self.state in (RequestState.REQUESTED, RequestState.EXPIRED) and at < self.expires_at

    def lapsed(self, at: datetime) -> bool:
        """Past its time and not being bought: no longer open, whether or not the clock work has run yet."""
        return self.state is RequestState.REQUESTED and at >= self.expires_at
