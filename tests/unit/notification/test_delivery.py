"""What is done about an email, by what is true when it is to go out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notification.domain.delivery import ADDRESS_AWAITED, Contact, Email, Outcome, without_sending
from services.notification.domain.members import DECIDERS, OWNER
from services.notification.domain.notice import MAILED_WITHIN, Told
from tests.unit.notification.events import NOW, WORKSPACE

ADAM = Contact("Adam", "adam@acme.example")
ERASED = Contact(None, None)
LATE = NOW + MAILED_WITHIN
TOLD = Told(UUID(int=1), "adam", WORKSPACE, "top_up_requested", "top_up_requested", "r", "unread", {}, NOW)
EMAIL = Email(TOLD, created_at=NOW, mail_until=LATE)

CASES: list[tuple[Contact | None, str | None, frozenset[str] | None, datetime, Outcome | None]] = [
    (ADAM, "admin", DECIDERS, NOW, None),
    (ADAM, "owner", DECIDERS, NOW, None),
    (ADAM, None, None, NOW, None),
    (ADAM, "editor", DECIDERS, NOW, Outcome.NOT_CONCERNED),
    (ADAM, None, DECIDERS, NOW, Outcome.NOT_CONCERNED),
    (ADAM, "admin", OWNER, NOW, Outcome.NOT_CONCERNED),
    (ADAM, "admin", DECIDERS, LATE - timedelta(microseconds=1), None),
    (ADAM, "admin", DECIDERS, LATE, Outcome.GAVE_UP),
    (None, "admin", DECIDERS, NOW, Outcome.ADDRESS_MISSING),
    (None, "admin", DECIDERS, NOW + ADDRESS_AWAITED, Outcome.NO_ADDRESS),
    (ERASED, "admin", DECIDERS, NOW, Outcome.NO_ADDRESS),
]


@pytest.mark.rule("N3", "N6")
@pytest.mark.parametrize(("contact", "role", "needed", "now", "outcome"), CASES)
def test_the_moment_of_delivery_decides(
    contact: Contact | None, role: str | None, needed: frozenset[str] | None, now: datetime, outcome: Outcome | None
) -> None:
    assert without_sending(EMAIL, contact, role, needed, now) is outcome
