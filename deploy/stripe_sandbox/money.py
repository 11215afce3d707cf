"""Amounts and currencies (Stripe docs, "Supported currencies": minimum and maximum charge amounts, zero-decimal)."""

from deploy.stripe_sandbox.errors import ApiError, invalid, refused

# "The amount value supports up to eight digits" (stripe/params/_payment_intent_create_params.py, `amount`).
AMOUNT_MAX = 99_999_999
SUPPORTED = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd
jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn
nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs
tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw usdc btn ghs eek lvl svc vef ltl sll mro
"""
WITHOUT_DECIMALS = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
CURRENCIES = SUPPORTED.split()
ZERO_DECIMAL = frozenset(WITHOUT_DECIMALS.split())
# "Three-decimal currencies" and "Special cases": amounts must be evenly divisible. `isk` and `ugx` keep two decimals.
STEPS = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "cad": "$", "aud": "$", "chf": "CHF"}
# "Minimum and maximum charge amounts": about half a dollar in each settlement currency; 50 where the table is silent.
MINIMUM_MINOR = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip


def check_currency(currency: str) -> str:
    """The currency in lower case. Raises ApiError 400 on `currency`."""
    lowered = currency.lower()
    if lowered not in CURRENCIES:
        raise invalid(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}",
            param="currency",
        )
    return lowered


def check_positive(amount_minor: int) -> None:
    if amount_minor < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )


def check_amount(amount_minor: int, currency: str) -> None:
    """Raises ApiError 400: `parameter_invalid_integer`, `amount_too_small` or `amount_too_large`."""
    check_positive(amount_minor)
    if amount_minor > AMOUNT_MAX:
        raise too_far("no more than", AMOUNT_MAX, currency, "amount_too_large")
    step = STEPS.get(currency, 1)
    if amount_minor % step:
        # "Deprecation of fractional ISK charges and refunds" (support.stripe.com)
        code = "invalid_charge_amount_no_decimal_compatible"
        what = f"Invalid amount. Amounts in {currency.upper()} must be evenly divisible by {step}."
        raise refused(what, code=code, param="amount")
    smallest = MINIMUM_MINOR.get(currency, 50)
    if amount_minor < smallest:
        raise too_far("at least", smallest, currency, "amount_too_small")


def too_far(bound: str, limit_minor: int, currency: str, code: str) -> ApiError:
    return refused(f"Amount must be {bound} {shown(limit_minor, currency)} {currency}", code=code, param="amount")


def shown(amount_minor: int, currency: str) -> str:
    """As Stripe writes it in messages: $1,234.50."""
    if currency in ZERO_DECIMAL:
        figure = f"{amount_minor:,}"
    else:
        figure = f"{amount_minor / 1000:,.3f}" if STEPS.get(currency) == 10 else f"{amount_minor / 100:,.2f}"
    return f"{SYMBOLS.get(currency, '')}{figure}"
