"""What is done about an email, by what is true when it is to go out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.notification.domain.delivery import ADDRESS_AWAITED, Contact, Email, Outcome, Reader, without_sending
from services.notification.domain.digest import WINDOW, Place, Window, place
from services.notification.domain.members import DECIDERS, OWNER
from services.notification.domain.notice import MAILED_WITHIN, Told
from tests.unit.notification.events import NOW, WORKSPACE

ADAM = Contact("Adam", "adam@acme.example")
READER = Reader(ADAM, "admin", by_email=True)
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
    assert without_sending(EMAIL, Reader(contact, role, by_email=True), needed, now) is outcome


@pytest.mark.rule("A6", "N5")
def test_what_was_settled_while_it_waited_for_others_is_not_told_with_them() -> None:
    settled = replace(EMAIL, told=replace(TOLD, state="handled", settled=True))
    assert without_sending(settled, READER, DECIDERS, NOW) is None
    assert without_sending(replace(settled, in_digest=True), READER, DECIDERS, NOW) is Outcome.NOT_CONCERNED


def test_what_its_reader_has_put_aside_is_not_mailed() -> None:
    assert without_sending(replace(EMAIL, told=replace(TOLD, state="handled")), READER, DECIDERS, NOW) is (
        Outcome.NOT_CONCERNED
    )
    assert without_sending(replace(EMAIL, told=replace(TOLD, state="read")), READER, DECIDERS, NOW) is None


def test_what_is_not_wanted_by_email_is_not_mailed() -> None:
    assert without_sending(EMAIL, replace(READER, by_email=False), DECIDERS, NOW) is Outcome.NOT_WANTED


OPEN = Window(UUID(int=5), NOW + WINDOW, collecting=False)
COLLECTING = replace(OPEN, collecting=True)


@pytest.mark.rule("N5")
@pytest.mark.parametrize(
    ("window", "behind", "now", "where"),
    [
        (None, False, NOW, Place.AT_ONCE),
        (OPEN, False, NOW, Place.JOINED),
        (OPEN, True, NOW, Place.JOINED),
        (OPEN, False, NOW + WINDOW - timedelta(microseconds=1), Place.JOINED),
        (OPEN, False, NOW + WINDOW, Place.AT_ONCE),
        (COLLECTING, False, NOW + WINDOW, Place.JOINED),
        (None, True, NOW, Place.COLLECTED),
        (OPEN, True, NOW + WINDOW, Place.COLLECTED),
    ],
)
def test_the_first_goes_at_once_and_the_others_together(
    window: Window | None, behind: bool, now: datetime, where: Place
) -> None:
    assert place(window, lambda: behind, now) is where
