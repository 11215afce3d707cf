"""Currencies as the payment processor counts them: what `*_minor` means, how it is written, what can be charged.

Source: the processor's page "Supported currencies" with its sections on zero-decimal, three-decimal and special
currencies. Not ISO 4217: `mga` has no decimals there, `isk` and `ugx` have two that must be zeros.
"""

from __future__ import annotations

_SUPPORTED = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd
jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn
nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs
tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
_WITHOUT_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_WITH_THREE = "bhd jod kwd omr tnd"

SUPPORTED = frozenset(_SUPPORTED.split())
USUAL_DECIMALS = 2
DECIMALS: dict[str, int] = {
    **dict.fromkeys(_WITHOUT_DECIMALS.split(), 0),
    **dict.fromkeys(_WITH_THREE.split(), 3),
}
# What an amount must be a multiple of: card networks take no fils below ten, and no aurar or cents of a shilling.
STEPS: dict[str, int] = {**dict.fromkeys(_WITH_THREE.split(), 10), "isk": 100, "ugx": 100}
# "Minimum and maximum charge amounts"; 50 where the table is silent.
USUAL_MINIMUM_MINOR = 50
MINIMUM_MINOR: dict[str, int] = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip


def figure(amount_minor: int, currency: str) -> str:
    """An amount of minor units as people write its number: 123456 of `usd` is `1,234.56`, 500 of `jpy` is `500`."""
    decimals = DECIMALS.get(currency, USUAL_DECIMALS)
    whole, rest = divmod(amount_minor, 10**decimals)
    return f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")


def objection(amount_minor: int, currency: str) -> str | None:
    """Why the processor would not charge this amount; None when it would."""
    if currency not in SUPPORTED:
        return f"{currency} is no currency that can be charged"
    step = STEPS.get(currency, 1)
    if amount_minor % step:
        return f"an amount of {currency} must be a multiple of {step}"
    smallest = MINIMUM_MINOR.get(currency, USUAL_MINIMUM_MINOR)
    if amount_minor < smallest:
        return f"the least that can be charged is {figure(smallest, currency)} {currency.upper()}"
    return None
