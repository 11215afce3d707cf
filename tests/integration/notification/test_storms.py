"""Storms of requests: the first is mailed at once, the others together, and in-app each stands by itself (N5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.notification.domain.digest import BEHIND_AT_MOST, BEHIND_RETRY, WINDOW
from shared.contracts.notification import NoticeDelivered
from shared.messaging.failures import Weather
from tests.integration.notification.stand import Letterbox, Stand, removed
from tests.unit.notification import events

MINUTE = timedelta(minutes=1)
ONE = "Erin asks for 12,000 credits in Acme"


@pytest.fixture
def box() -> Letterbox:
    return Letterbox()


@pytest.fixture
def here(stand: Stand) -> Stand:
    """Everybody is known; olivia alone decides, so that each mail is hers."""
    stand.receive(*events.directory(), removed("acme/adam"))
    return stand


def _ask(stand: Stand, *requests: int) -> None:
    for number in requests:
        stand.receive(events.requested(number))


@pytest.mark.rule("N5")
def test_the_first_request_is_mailed_at_once_and_the_others_of_ten_minutes_together(
    here: Stand, box: Letterbox
) -> None:
    _ask(here, 1)
    here.run_emails(box)
    assert box.subjects == [ONE]
    for number in range(2, 6):
        here.wait(2 * MINUTE)
        _ask(here, number)
        here.run_emails(box)
    assert box.subjects == [ONE]
    here.wait(2 * MINUTE)
    here.run_emails(box)
    assert box.subjects == [ONE, "4 requests for credits in Acme"]
    # In-app each has its own, and each is told by email once, whichever mail it was in.
    assert len(here.told("olivia")) == 5
    by_email = [one for one in here.published if isinstance(one, NoticeDelivered) and one.channel == "email"]
    assert sorted(one.about_id for one in by_email) == [events.uuid(number) for number in range(1, 6)]
    here.wait(WINDOW)
    _ask(here, 6)
    here.run_emails(box)
    assert box.subjects[2:] == [ONE]


@pytest.mark.rule("N5")
def test_a_storm_in_one_batch_is_two_mails(here: Stand, box: Letterbox) -> None:
    here.receive(*(events.requested(number) for number in range(1, 51)))
    here.run_emails(box)
    here.wait(WINDOW)
    here.run_emails(box)
    assert box.subjects == [ONE, "49 requests for credits in Acme"]


@pytest.mark.rule("N5")
def test_one_request_alone_in_a_window_is_told_as_any_other(here: Stand, box: Letterbox) -> None:
    _ask(here, 1, 2)
    here.run_emails(box)
    here.wait(WINDOW)
    here.run_emails(box)
    assert box.subjects == [ONE, ONE]


@pytest.mark.rule("N5", "A6")
def test_what_was_settled_meanwhile_is_not_in_the_digest(here: Stand, box: Letterbox) -> None:
    _ask(here, 1, 2, 3, 4)
    here.receive(events.cancelled(3))
    here.run_emails(box)
    here.wait(WINDOW)
    here.run_emails(box)
    assert box.subjects == [ONE, "2 requests for credits in Acme"]
    assert sorted(delivery.state for delivery in here.emails("olivia")) == ["dropped", "sent", "sent", "sent"]
    _ask(here, 5, 6)
    here.receive(events.cancelled(6))
    here.run_emails(box)
    here.wait(WINDOW)
    here.run_emails(box)
    assert box.subjects[2:] == [ONE]


@pytest.mark.rule("N5", "N3")
def test_each_workspace_and_each_admin_has_a_window_of_its_own(stand: Stand, box: Letterbox) -> None:
    stand.receive(*events.directory(), *events.directory("rival"))
    stand.receive(events.requested(1), events.requested(1, workspace_id="rival"), events.requested(2))
    stand.run_emails(box)
    assert len(box.letters) == 4
    stand.receive(removed("acme/adam"))
    stand.wait(WINDOW)
    stand.run_emails(box)
    assert [letter.address for letter in box.letters[4:]] == ["olivia@acme.example"]


@pytest.mark.rule("N5", "N6")
def test_a_storm_while_the_mail_server_is_away_is_two_mails(here: Stand, box: Letterbox) -> None:
    box.away = True
    for number in range(1, 40):
        _ask(here, number)
        with pytest.raises(Weather):
            here.run_emails(box)
        here.wait(MINUTE)
    box.away = False
    here.run_emails(box)
    here.wait(BEHIND_RETRY)
    here.run_emails(box)
    assert box.subjects == [ONE, "38 requests for credits in Acme"]
    assert {delivery.state for delivery in here.emails("olivia")} == {"sent"}


@pytest.mark.rule("N5", "N6")
def test_a_mail_that_is_stuck_holds_up_later_ones_for_an_hour_at_most(here: Stand, box: Letterbox) -> None:
    _ask(here, 1)
    here.connection.execute("DELETE FROM timers WHERE kind = 'email'")  # as if a bug had it stuck
    here.wait(BEHIND_AT_MOST - MINUTE)
    _ask(here, 2)
    here.run_emails(box)
    assert box.subjects == []
    here.wait(WINDOW)
    here.run_emails(box)
    assert box.subjects == [ONE]
    here.wait(WINDOW)
    _ask(here, 3)
    here.run_emails(box)
    assert box.subjects == [ONE, ONE]


@pytest.mark.rule("N4", "N5")
@pytest.mark.case(24)
def test_a_digest_that_is_tried_again_is_the_same_mail(here: Stand, box: Letterbox) -> None:
    _ask(here, 1, 2, 3)
    here.run_emails(box)
    here.wait(WINDOW)
    box.away = True
    with pytest.raises(Weather):
        here.run_emails(box)
    # What comes after the first attempt goes into the next one.
    _ask(here, 4, 5)
    box.away = False
    here.run_emails(box)
    here.wait(WINDOW)
    here.run_emails(box)
    assert box.subjects == [ONE, "2 requests for credits in Acme", "2 requests for credits in Acme"]
    assert len({letter.letter_id for letter in box.letters}) == 3
    refused, again = (letter for letter in box.tried if letter.letter_id == box.letters[1].letter_id)
    assert refused == again
