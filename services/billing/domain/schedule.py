"""When the next call is due. Each payment has its own due time, so that one in trouble never delays another."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

FIRST_RETRY_S = 1  # a lost answer is mostly one dropped connection: a buyer is waiting
LAST_RETRY_S = 300  # an outage of half an hour is noticed to be over within five minutes (case 17)
FIRST_POLL_S = 5  # a webhook mostly comes first
LAST_POLL_S = 900  # all webhooks lost: a finished authentication is learned within a quarter of an hour (case 16)
# A payment that is not at rest when its time is up is looked at again: it may be paid at this moment.
LOOK_AGAIN = timedelta(hours=1)
JITTER = 0.5  # up to half as much again, so that payments that failed together do not return together


def retry_after(tries: int, purchase_id: str) -> timedelta:
    """Doubling from a second to five minutes, spread by the purchase's id: the same on every replay."""
    return _spread(min(FIRST_RETRY_S * 2 ** min(tries, 20), LAST_RETRY_S), purchase_id)


def poll_after(tries: int, purchase_id: str) -> timedelta:
    """Doubling from five seconds to a quarter of an hour."""
    return _spread(min(FIRST_POLL_S * 2 ** min(tries, 20), LAST_POLL_S), purchase_id)


def _spread(seconds: float, purchase_id: str) -> timedelta:
    share = (UUID(purchase_id).int % 1000) / 1000
    return timedelta(seconds=seconds * (1 + JITTER * share))
