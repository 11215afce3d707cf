"""What to do about one email now: a pure decision over what is known about it at the moment of delivery (N3, N6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from services.notification.domain.notice import Told

# Contacts and events come over different topics: the contact of somebody new may be moments late, not hours.
ADDRESS_AWAITED = timedelta(minutes=10)
ADDRESS_RETRY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Contact:
    """How a person is called and reached, and in which language. Name and address None: erased."""

    name: str | None
    email: str | None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Email:
    """An email to be sent: the notice it carries, since when it waits, until when it is worth sending.

    `in_digest`: it waited to be told together with others.
    """

    told: Told
    created_at: datetime
    mail_until: datetime
    in_digest: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """What is known of a person now: the contact, None when it never came; the role in the workspace; and whether
    emails of this kind are wanted."""

    contact: Contact | None
    role: str | None
    by_email: bool


class Outcome(Enum):
    """What became of one attempt at an email."""

    SENT = "sent"
    REFUSED_BY_SERVER = "refused_by_server"
    NO_ADDRESS = "no_address"
    GAVE_UP = "gave_up"
    NOT_CONCERNED = "not_concerned"
    NOT_WANTED = "not_wanted"
    ADDRESS_MISSING = "address_missing"


def without_sending(email: Email, reader: Reader, needed_role: frozenset[str] | None, now: datetime) -> Outcome | None:
    """The outcome of an email that is not to be sent now; None when it is to be sent.

    `needed_role`: who was told because of a role must still hold one when the mail goes out (N3).
    """
    if needed_role is not None and reader.role not in needed_role:
        return Outcome.NOT_CONCERNED
    if not reader.by_email:
        return Outcome.NOT_WANTED
    if email.told.state == "handled" and (email.in_digest or not email.told.settled):
        return Outcome.NOT_CONCERNED  # put aside by the reader, or settled while it waited to be told with others
    if now >= email.mail_until:
        return Outcome.GAVE_UP
    if reader.contact is None:
        return Outcome.ADDRESS_MISSING if now < email.created_at + ADDRESS_AWAITED else Outcome.NO_ADDRESS
    return None if reader.contact.email else Outcome.NO_ADDRESS
