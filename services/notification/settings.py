"""What the notification worker is told by its environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from services.notification.domain.links import web_link
from services.notification.mailer import is_one_address
from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings


def _mail_address(value: str) -> str:
    if not is_one_address(value):
        raise ValueError("is not one plain mail address")
    return value


def _web_address(value: str) -> str:
    if not web_link(value, ""):
        raise ValueError("is not an address that a browser opens, like https://console.example.com")
    return value.rstrip("/")


class NotificationSettings(WorkerSettings):
    """The worker's settings, and where mail is handed in and what it says."""

    database_url: DatabaseUrl = Field(
        validation_alias="REFILL_NOTIFICATION_DATABASE_URL",
        description=DATABASE_WANTED.replace("billing_", "notification_"),
    )
    smtp_host: Annotated[str, Field(min_length=1)] = Field(
        description="the mail server's name or address", examples=["127.0.0.1"]
    )
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = Field(description="the mail server's port", examples=["25"])
    # RFC 5321, 4.5.3.2 allows a server minutes; one that takes that long is tried again later instead, as each letter
    # that waits holds one of few threads.
    smtp_timeout_s: Annotated[float, Field(ge=0.1, le=120)] = Field(
        10, description="how long one answer of the mail server may take"
    )
    mail_from: Annotated[str, AfterValidator(_mail_address)] = Field(
        description="the address that mails come from", examples=["credits@example.com"]
    )
    console_url: Annotated[str, AfterValidator(_web_address)] = Field(
        description="the console's address, to which mails link", examples=["https://console.example.com"]
    )
