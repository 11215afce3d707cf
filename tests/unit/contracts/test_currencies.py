"""Amounts as the processor counts them ("Supported currencies")."""

from __future__ import annotations

import pytest

from deploy.stripe_sandbox import money as sandbox
from shared.contracts.currencies import DECIMALS, MINIMUM_MINOR, STEPS, SUPPORTED, figure, objection


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [(123_456, "usd", "1,234.56"), (5, "eur", "0.05"), (5_000, "jpy", "5,000"), (5_120, "kwd", "5.120")],
)
def test_an_amount_has_the_decimals_of_its_currency(amount_minor: int, currency: str, text: str) -> None:
    assert figure(amount_minor, currency) == text


@pytest.mark.rule("B4", "B6")
@pytest.mark.parametrize(
    ("amount_minor", "currency", "what"),
    [
        (1_500, "xyz", "no currency"),
        (49, "usd", "0.50 USD"),
        (49, "jpy", "50 JPY"),
        (5_124, "kwd", "multiple of 10"),
        (550, "isk", "multiple of 100"),
        (550, "ugx", "multiple of 100"),
    ],
)
def test_what_the_processor_would_not_charge_is_objected_to(amount_minor: int, currency: str, what: str) -> None:
    said = objection(amount_minor, currency)
    assert said is not None
    assert what in said


@pytest.mark.parametrize(("amount_minor", "currency"), [(50, "usd"), (30, "gbp"), (5_120, "kwd"), (500, "isk")])
def test_what_it_would_charge_is_not(amount_minor: int, currency: str) -> None:
    assert objection(amount_minor, currency) is None


def test_the_tables_name_supported_currencies_and_agree_with_the_sandbox() -> None:
    assert set(SUPPORTED) >= {*DECIMALS, *MINIMUM_MINOR, *STEPS}
    assert set(sandbox.CURRENCIES) >= SUPPORTED
    assert MINIMUM_MINOR == sandbox.MINIMUM_MINOR
    assert STEPS == sandbox.STEPS
    assert {currency for currency, decimals in DECIMALS.items() if decimals == 0} == sandbox.ZERO_DECIMAL
