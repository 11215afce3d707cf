"""Amounts in Stripe's words."""

import pytest

from deploy.stripe_sandbox.money import CURRENCIES, MINIMUM_MINOR, ZERO_DECIMAL, shown


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (50, "usd", "$0.50"),
        (123450, "eur", "€1,234.50"),
        (99_999_999, "usd", "$999,999.99"),
        (5000, "jpy", "¥5,000"),
        (5120, "kwd", "5.120"),
    ],
)
def test_an_amount_is_written_in_its_currency(amount: int, currency: str, text: str) -> None:
    assert shown(amount, currency) == text


def test_the_tables_name_supported_currencies_only() -> None:
    assert len(CURRENCIES) == len(set(CURRENCIES))
    assert set(CURRENCIES) >= ZERO_DECIMAL | set(MINIMUM_MINOR)
