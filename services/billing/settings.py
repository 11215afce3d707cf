"""What billing is told by its environment."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings

STRIPE_API_BASE = "https://api.stripe.com"
LIVE_KEYS = ("sk_live_", "rk_live_")
TEST_KEYS = ("sk_test_", "rk_test_")


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("is not an address like https://pay.example.com")
    return value.rstrip("/")


def _stripe_key(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith((*LIVE_KEYS, *TEST_KEYS)):
        raise ValueError("is not a secret key of Stripe (sk_test_... or sk_live_...)")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith("whsec_"):
        raise ValueError("is not a webhook signing secret of Stripe (whsec_...)")
    return value


Address = Annotated[str, AfterValidator(_address)]


class BillingSettings(WorkerSettings):
    """A live key speaks to Stripe's own address only; another address (the sandbox) takes test keys only."""

    database_url: DatabaseUrl = Field(validation_alias="REFILL_BILLING_DATABASE_URL", description=DATABASE_WANTED)
    stripe_api_key: Annotated[SecretStr, AfterValidator(_stripe_key)] = Field(
        description="Stripe's secret key", examples=["sk_test_..."]
    )
    stripe_api_base: Address = Field(STRIPE_API_BASE, description="where Stripe's API is, another one for tests only")
    stripe_webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] = Field(
        description="the signing secret of our webhook endpoint", examples=["whsec_..."]
    )
    billing_http_host: str = Field("127.0.0.1", description="where webhooks and buyers are listened for")
    billing_http_port: Annotated[int, Field(ge=1, le=65_535)] = Field(
        description="the port for webhooks and buyers", examples=["8080"]
    )
    billing_public_url: Address = Field(
        description="under which address buyers' browsers reach that port", examples=["https://pay.example.com"]
    )

    billing_reconcile_every_hours: Annotated[int, Field(ge=1, le=168)] = Field(
        24, description="how often our books are compared with the processor's"
    )

    @model_validator(mode="after")
    def _live_money_only_at_stripe(self) -> Self:
        live = self.stripe_api_key.get_secret_value().startswith(LIVE_KEYS)
        real = self.stripe_api_base == STRIPE_API_BASE
        if live and not real:
            raise ValueError("REFILL_STRIPE_API_KEY is a live key: it may be sent to Stripe's own address only")
        if live and not self.billing_public_url.startswith("https://"):
            raise ValueError("REFILL_BILLING_PUBLIC_URL must begin with https:// when the key is live")
        return self
