"""Money and credits as people read them."""

from __future__ import annotations

from shared.contracts.currencies import figure


def money(amount_minor: int, currency: str) -> str:
    """An amount of the currency's minor units: 123456 of `usd` is `USD 1,234.56`, 500 of `jpy` is `JPY 500`."""
    return f"{currency.upper()} {figure(amount_minor, currency)}"


def credits_shown(credits: int) -> str:
    """Credits with the thousands apart: `12,000`."""
    return f"{credits:,}"
