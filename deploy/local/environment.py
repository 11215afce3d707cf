"""The settings of one world as its processes read them, and the file that tells them to everyone else."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.ports import LOOPBACK
from shared.messaging.settings import KafkaSettings

WEBHOOK_PATH = "/webhooks/stripe"


@dataclass(frozen=True)
class Keys:
    """What billing and the sandbox must both know: made anew for each world, and worth nothing outside it."""

    stripe_api_key: str
    stripe_webhook_secret: str

    @classmethod
    def generate(cls) -> "Keys":
        return cls(f"sk_test_{secrets.token_hex(16)}", f"whsec_{secrets.token_hex(16)}")


def billing_environment(http_port: int, stripe_port: int, keys: Keys) -> dict[str, str]:
    """Where billing listens and where it finds the sandbox."""
    return {
        "REFILL_BILLING_HTTP_HOST": LOOPBACK,
        "REFILL_BILLING_HTTP_PORT": str(http_port),
        "REFILL_BILLING_PUBLIC_URL": f"http://{LOOPBACK}:{http_port}",
        "REFILL_STRIPE_API_BASE": f"http://{LOOPBACK}:{stripe_port}",
        "REFILL_STRIPE_API_KEY": keys.stripe_api_key,
        "REFILL_STRIPE_WEBHOOK_SECRET": keys.stripe_webhook_secret,
    }


def notification_environment(smtp_port: int) -> dict[str, str]:
    """Where notification hands in its mails, and what it writes into them."""
    return {
        "REFILL_SMTP_HOST": LOOPBACK,
        "REFILL_SMTP_PORT": str(smtp_port),
        "REFILL_MAIL_FROM": "credits@refill.test",
        "REFILL_CONSOLE_URL": "https://console.refill.test",
    }


def kafka_environment(kafka: KafkaSettings) -> dict[str, str]:
    """Where the broker is, how it is spoken to, and what the topics begin with; and who speaks, if these say so."""
    environment = {
        "REFILL_KAFKA_BOOTSTRAP": ",".join(kafka.bootstrap),
        "REFILL_TOPIC_PREFIX": kafka.prefix,
        "REFILL_KAFKA_SECURITY_PROTOCOL": kafka.security_protocol,
    }
    if kafka.sasl_mechanism:
        environment["REFILL_KAFKA_SASL_MECHANISM"] = kafka.sasl_mechanism
    if kafka.username and kafka.password:
        environment["REFILL_KAFKA_USERNAME"] = kafka.username
        environment["REFILL_KAFKA_PASSWORD"] = kafka.password.get_secret_value()
    return environment


def write_environment(path: Path, environment: Mapping[str, str]) -> None:
    """Writes `KEY=value` lines that a shell can source, readable by this user alone, whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(0o600)
    part.write_text("".join(f"{name}={value}\n" for name, value in sorted(environment.items())))
    os.replace(part, path)


def read_environment(path: Path) -> dict[str, str]:
    """What `write_environment` wrote."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
