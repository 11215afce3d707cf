"""Money, names and links as people see them."""

from __future__ import annotations

import pytest

from services.notification.domain.links import Console, web_link
from services.notification.domain.money import credits_shown, money
from services.notification.domain.names import shown


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (123_456, "usd", "USD 1,234.56"),
        (5, "eur", "EUR 0.05"),
        (500, "jpy", "JPY 500"),
        (1_234_567, "krw", "KRW 1,234,567"),
        (1_500, "kwd", "KWD 1.500"),
        (7, "bhd", "BHD 0.007"),
        (50_000, "isk", "ISK 500.00"),
        (500, "mga", "MGA 500"),
    ],
)
def test_money_has_the_decimals_of_its_currency(amount_minor: int, currency: str, text: str) -> None:
    assert money(amount_minor, currency) == text


def test_credits_have_their_thousands_apart() -> None:
    assert credits_shown(100_000) == "100,000"


@pytest.mark.case(24)
@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Acme", "Acme"),
        ("Acme\r\nBcc: evil@x.test", "Acme Bcc: evil@x.test"),
        ("  a \t b\n\nc ", "a b c"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("nul\x00bell\x07", "nul bell"),
        ("\u202egnirts desrever", "gnirts desrever"),
        ("\u2066isolated\u2069", "isolated"),
        ("👩\u200d🔬 Lab", "👩\u200d🔬 Lab"),
        ("\u200d\u200c", ""),
        ("\n\n", ""),
        ("", ""),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_a_name_is_one_line_of_what_it_looks_like(name: str, seen: str) -> None:
    assert shown(name) == seen


@pytest.mark.case(24)
def test_a_name_of_ten_thousand_characters_is_cut() -> None:
    assert shown("x" * 10_000, 40) == "x" * 39 + "…"
    assert shown("x" * 40, 40) == "x" * 40


@pytest.mark.rule("A3")
def test_the_link_opens_the_purchase_prefilled() -> None:
    console = Console("https://console.refill.test")
    assert console.prefilled_purchase("acme", "r-1", "pack+1", "e@x:y") == (
        "https://console.refill.test/purchases/new?workspace=acme&request=r-1&package=pack%2B1&editor=e%40x%3Ay"
    )


@pytest.mark.case(24)
@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.test", "https:", "http://[", "/p", "", "https://a.b/\u202ex"],
)
def test_only_a_web_address_becomes_a_link(url: str) -> None:
    assert web_link(url, "https://console.refill.test") == "https://console.refill.test"


def test_a_web_address_stays_as_it_is() -> None:
    assert web_link("https://pay.refill.test/p/1?a=b", "otherwise") == "https://pay.refill.test/p/1?a=b"
