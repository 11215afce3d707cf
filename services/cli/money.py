"""Amounts for people."""

from __future__ import annotations

from shared.contracts.currencies import figure


def money(amount_minor: int, currency: str) -> str:
    """An amount of the currency's minor units, as people write it: 123456 of `usd` is `1,234.56 USD`."""
    return f"{figure(amount_minor, currency)} {currency.upper()}"
