"""Auto top-up: when an account is topped up by itself, and what follows a decline (B14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.billing.domain.price import Price
from services.billing.domain.verdict import Refusal, refuse
from shared.contracts.currencies import figure
from shared.contracts.reasons import Reason

DECLINES_ALLOWED = 3  # B14: off after three in a row
# After the first and the second decline: a card over its limit is mostly fine the same evening. Together less than the
# day after which what stands unpaid is cancelled (A4).
BACK_OFF = (timedelta(hours=1), timedelta(hours=6))
LOOK_AGAIN = timedelta(hours=1)  # while something stands against buying that time or the directory may mend

# What no time mends: somebody must choose anew. All else is held back and looked at again.
STOPPING = frozenset(
    {
        Reason.NOT_ALLOWED_TO_BUY,
        Reason.UNKNOWN_MEMBER,
        Reason.UNKNOWN_WORKSPACE,
        Reason.UNKNOWN_PACKAGE,
        Reason.PACKAGE_RETIRED,
        Reason.PRICE_CHANGED,
        Reason.AMOUNT_TOO_LARGE,
        Reason.AMOUNT_NOT_CHARGEABLE,
    }
)


@dataclass(frozen=True, slots=True)
class AutoTopUp:
    """What was said about an account, and where it stands. `purchases` counts those begun, `declines` those in a row.

    `noted_attempt` is the last attempt of the purchase under way whose decline was counted. A balance older than
    `credited_version` does not know of credits that were bought.
    """

    workspace_id: str
    user_id: str
    is_on: bool
    actor_id: str
    package_id: str
    threshold_credits: int
    monthly_cap_minor: int
    currency: str
    purchase_id: str | None = None
    purchases: int = 0
    declines: int = 0
    noted_attempt: int = 0
    not_before: datetime | None = None
    held_back_for: Reason | None = None
    credited_version: int = 0

    def is_low(self, balance: Balance | None) -> bool:
        """Whether the balance asks for a purchase; one that is older than what was bought says nothing."""
        if balance is None or balance.version < self.credited_version:
            return False
        return balance.usable < self.threshold_credits

    def waits_at(self, now: datetime) -> bool:
        """Whether it is backing off."""
        return self.not_before is not None and now < self.not_before


@dataclass(frozen=True, slots=True)
class Balance:
    """The ledger's latest word about an account."""

    version: int
    usable: int


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """The month in UTC, half-open."""
    first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def price_objection(auto: AutoTopUp, price: Price) -> Refusal | None:
    """What was agreed to was an amount of one currency, and at least one package must fit into it."""
    if price.currency != auto.currency:
        return refuse(Reason.PRICE_CHANGED, f"It is sold in {price.currency.upper()} by now.")
    if price.total_minor > auto.monthly_cap_minor:
        return refuse(Reason.PRICE_CHANGED, _cap(auto, price.total_minor, "one package costs"))
    return None


def cap_objection(auto: AutoTopUp, amount_minor: int, spent_minor: int, now: datetime) -> Refusal | None:
    """The month's cap may be reached and not passed."""
    if spent_minor + amount_minor <= auto.monthly_cap_minor:
        return None
    _, next_month = month_of(now)
    return refuse(Reason.MONTHLY_CAP_REACHED, _cap(auto, spent_minor, "this month's purchases are"), next_month)


def _cap(auto: AutoTopUp, amount_minor: int, what: str) -> str:
    cap = figure(auto.monthly_cap_minor, auto.currency)
    return f"The cap is {cap} {auto.currency.upper()} a month, {what} {figure(amount_minor, auto.currency)}."
