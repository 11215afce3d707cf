"""Money and credits as people read them."""

from __future__ import annotations

# ISO 4217, list one: the currencies whose minor unit is not a hundredth, by their number of decimals.
_BY_DECIMALS = {
    0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx uyi vnd vuv xaf xof xpf",
    3: "bhd iqd jod kwd lyd omr tnd",
    4: "clf uyw",
}
DECIMALS = {currency: decimals for decimals, currencies in _BY_DECIMALS.items() for currency in currencies.split()}
USUAL_DECIMALS = 2


def money(amount_minor: int, currency: str) -> str:
    """An amount of the currency's minor units: 123456 of `usd` is `USD 1,234.56`, 500 of `jpy` is `JPY 500`."""
    decimals = DECIMALS.get(currency, USUAL_DECIMALS)
    whole, rest = divmod(amount_minor, 10**decimals)
    fraction = f".{rest:0{decimals}d}" if decimals else ""
    return f"{currency.upper()} {whole:,}{fraction}"


def credits_shown(credits: int) -> str:
    """Credits with the thousands apart: `12,000`."""
    return f"{credits:,}"
