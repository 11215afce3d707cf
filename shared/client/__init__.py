"""Credits for products: hold before work, capture after it, report usage, read balances. README.md shows how."""

from shared.client.asynchronous import AsyncCredits, AsyncHold
from shared.client.outcomes import (
    CreditsError,
    CreditsPaused,
    HoldIsOver,
    InsufficientCredits,
    NotSent,
    OutcomeUnknown,
    Refused,
)
from shared.client.synchronous import Credits, Hold

__all__ = [
    "AsyncCredits",
    "AsyncHold",
    "Credits",
    "CreditsError",
    "CreditsPaused",
    "Hold",
    "HoldIsOver",
    "InsufficientCredits",
    "NotSent",
    "OutcomeUnknown",
    "Refused",
]
