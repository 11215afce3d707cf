"""Live money only at Stripe's own address; every wrong setting at once, and no value shown."""

from __future__ import annotations

import pytest

from services.billing.settings import BillingSettings
from services.billing.stripe_gateway import StripeGateway
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import load_settings

GOOD = {
    "REFILL_BILLING_DATABASE_URL": "postgresql://billing_worker:pw@127.0.0.1:5432/refill",
    "REFILL_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "REFILL_STRIPE_API_KEY": "sk_test_abc",
    "REFILL_STRIPE_API_BASE": "http://127.0.0.1:12111/",
    "REFILL_STRIPE_WEBHOOK_SECRET": "whsec_abc",
    "REFILL_BILLING_HTTP_PORT": "8080",
    "REFILL_BILLING_PUBLIC_URL": "https://pay.example.com/",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("STRIPE_LOG", raising=False)


def problem() -> str:
    with pytest.raises(SettingsProblem) as caught:
        load_settings(BillingSettings)
    return str(caught.value)


def test_good_settings_load_and_addresses_lose_their_last_slash() -> None:
    settings = load_settings(BillingSettings)
    assert settings.stripe_api_base == "http://127.0.0.1:12111"
    assert settings.billing_public_url == "https://pay.example.com"


def test_without_a_base_address_it_is_stripes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFILL_STRIPE_API_BASE")
    monkeypatch.setenv("REFILL_STRIPE_API_KEY", "sk_live_abc")
    assert load_settings(BillingSettings).stripe_api_base == "https://api.stripe.com"


@pytest.mark.parametrize("key", ["sk_live_abc", "rk_live_abc"])
def test_a_live_key_is_sent_nowhere_else(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("REFILL_STRIPE_API_KEY", key)
    said = problem()
    assert "live key" in said
    assert key not in said


def test_live_buyers_are_not_led_over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REFILL_STRIPE_API_BASE")
    monkeypatch.setenv("REFILL_STRIPE_API_KEY", "sk_live_abc")
    monkeypatch.setenv("REFILL_BILLING_PUBLIC_URL", "http://pay.example.com")
    assert "https://" in problem()


@pytest.mark.case(23)
def test_every_wrong_setting_is_reported_at_once_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "BILLING_HTTP_PORT", "BILLING_PUBLIC_URL"):
        monkeypatch.setenv(f"REFILL_{name}", "hush-hush")
    said = problem()
    assert said.count("REFILL_") >= 4
    assert "hush-hush" not in said


def test_the_sdks_own_logging_of_bodies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_LOG", "debug")
    with pytest.raises(SettingsProblem):
        StripeGateway("sk_test_abc", "http://127.0.0.1:1")
