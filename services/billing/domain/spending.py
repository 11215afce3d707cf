"""What limits spending and asking: caps by day, declines of a payment method, requests of a person (B13, A2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.billing.domain.verdict import Refusal, Rule, Verdict, refuse
from shared.contracts.currencies import figure
from shared.contracts.reasons import Reason

DAY = timedelta(days=1)
# Card networks fine who tries a declined card again more often than this (B13).
DECLINES_OF_A_METHOD = 15
METHOD_WINDOW = timedelta(days=30)
# Each request is a mail to owner and admins: more than this in an hour is a loop or a nuisance.
REQUESTS_OF_A_PERSON = 5
REQUEST_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Caps:
    """What may be spent in a day, in minor units of one currency; None: not limited."""

    workspace_day_minor: int | None = None
    buyer_day_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent, or is about to be, in a day: by the workspace, and by one buyer of it."""

    workspace_minor: int = 0
    buyer_minor: int = 0


@dataclass(frozen=True, slots=True)
class Spending:
    """A charge that is about to be agreed, and what there is to hold against it. `declined_at`: the newest first."""

    amount_minor: int
    currency: str
    at: datetime
    caps: Caps
    spent: Spent
    declined_at: Sequence[datetime] = ()


def day_of(at: datetime) -> datetime:
    """The beginning of the day in UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def within_the_workspaces_cap(spending: Spending) -> Verdict:
    """B13."""
    caps, spent = spending.caps, spending.spent
    return _within(spending, caps.workspace_day_minor, spent.workspace_minor, Reason.WORKSPACE_CAP_REACHED)


def within_the_buyers_cap(spending: Spending) -> Verdict:
    """B13."""
    return _within(spending, spending.caps.buyer_day_minor, spending.spent.buyer_minor, Reason.BUYER_CAP_REACHED)


def method_may_be_tried(spending: Spending) -> Verdict:
    """B13: a method that was declined too often is left alone until its oldest decline is forgotten."""
    declined_at = spending.declined_at
    if len(declined_at) < DECLINES_OF_A_METHOD:
        return None
    what = f"Declined {DECLINES_OF_A_METHOD} times in {METHOD_WINDOW.days} days."
    frees_at = declined_at[DECLINES_OF_A_METHOD - 1] + METHOD_WINDOW
    return refuse(Reason.PAYMENT_METHOD_EXHAUSTED, what, frees_at)


SPENDING_RULES: tuple[Rule[Spending], ...] = (
    within_the_workspaces_cap,
    within_the_buyers_cap,
    method_may_be_tried,
)


def too_many_requests(asked_at: Sequence[datetime]) -> Refusal | None:
    """A person who asked too often within the window, `asked_at` newest first, asks again when one has left it."""
    if len(asked_at) < REQUESTS_OF_A_PERSON:
        return None
    frees_at = asked_at[REQUESTS_OF_A_PERSON - 1] + REQUEST_WINDOW
    what = f"You asked {REQUESTS_OF_A_PERSON} times within an hour."
    return refuse(Reason.TOO_MANY_REQUESTS, what, frees_at)


def _within(spending: Spending, cap_minor: int | None, spent_minor: int, reason: Reason) -> Verdict:
    if cap_minor is None or spent_minor + spending.amount_minor <= cap_minor:
        return None
    currency = spending.currency
    what = (
        f"{figure(spent_minor, currency)} of {figure(cap_minor, currency)} {currency.upper()} are spent today; "
        f"this would be {figure(spending.amount_minor, currency)} more."
    )
    # More than the cap by itself: no other day mends that.
    never = spending.amount_minor > cap_minor
    return refuse(reason, what, None if never else day_of(spending.at) + DAY)
