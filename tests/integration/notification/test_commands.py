"""What people do with their notices: read, unread, handled; by email or not; and the link that ends it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import psycopg
import pytest

from shared.contracts.message import Message
from shared.contracts.notification import (
    EmailPreferenceSet,
    MarkedNotice,
    NoticeHandled,
    NoticesMarked,
    NoticeState,
    NotificationCommandRefused,
)
from shared.contracts.notification_commands import MarkNotices, SetEmailPreference, Unsubscribe
from shared.contracts.reasons import Reason
from tests.integration.notification.stand import Letterbox, Stand, event
from tests.unit.notification import events

STRANGER = UUID(int=404, version=4)


@pytest.fixture
def asked(stand: Stand) -> Stand:
    """Erin and Emil have asked: olivia and adam have two notices each."""
    stand.receive(*events.directory(), events.requested(1), events.requested(2, asker="emil"))
    stand.published.clear()
    return stand


def _ids(stand: Stand, user_id: str) -> tuple[str, ...]:
    return tuple(str(told.notice_id) for told in stand.told(user_id))


def _mark(user_id: str, notice_ids: tuple[str, ...], state: NoticeState) -> MarkNotices:
    return MarkNotices(user_id=user_id, notice_ids=notice_ids, state=state)


def _answers(stand: Stand, kind: type[Message]) -> list[Message]:
    return [message for message in stand.published if type(message) is kind]


def test_a_person_reads_unreads_and_handles_the_own_notices(asked: Stand) -> None:
    first, second = _ids(asked, "adam")
    states: tuple[NoticeState, ...] = ("read", "unread", "handled")
    for state in states:
        asked.receive(_mark("adam", (first,), state))
        by_id = {str(told.notice_id): told.state for told in asked.told("adam")}
        assert by_id == {first: state, second: "unread"}
    assert _answers(asked, NoticesMarked) == [
        NoticesMarked(user_id="adam", notices=(MarkedNotice(notice_id=first, state=state),)) for state in states
    ]
    assert [handled.notice_id for handled in asked.published if isinstance(handled, NoticeHandled)] == [first]
    assert asked.states("olivia") == ["unread", "unread"]


def test_what_is_handled_stays_so_and_the_answer_says_it(asked: Stand) -> None:
    asked.receive(events.fulfilled(1))
    ids = _ids(asked, "adam")
    asked.published.clear()
    asked.receive(_mark("adam", ids, "read"), event(_mark("adam", ids, "unread"), id="later"))
    assert sorted(asked.states("adam")) == ["handled", "unread"]
    for answer in asked.published:
        assert isinstance(answer, NoticesMarked)
        assert "handled" in {notice.state for notice in answer.notices}


@pytest.mark.case(4, 10)
def test_notices_of_others_and_of_nobody_are_unknown_and_then_none_is_marked(asked: Stand) -> None:
    own, others = _ids(asked, "adam"), _ids(asked, "olivia")
    for foreign in (others[0], str(STRANGER)):
        command = _mark("adam", (own[0], foreign), "handled")
        asked.receive(command)
        assert asked.parked.pop().waiting_for == f"notice {foreign} of adam"
        asked.receive(event(command, may_wait=False))
    assert asked.states("adam") == asked.states("olivia") == ["unread", "unread"]
    refusals = [message.reason for message in asked.published if isinstance(message, NotificationCommandRefused)]
    assert refusals == [Reason.UNKNOWN_NOTICE, Reason.UNKNOWN_NOTICE]


def test_a_command_told_twice_has_one_effect_and_the_same_answer(asked: Stand) -> None:
    command = _mark("adam", _ids(asked, "adam"), "handled")
    asked.receive(command)
    asked.receive(command)
    first, second = _answers(asked, NoticesMarked)
    assert first == second
    assert len(_answers(asked, NoticeHandled)) == 2


@pytest.mark.rule("A6", "N2")
def test_putting_a_notice_aside_settles_nothing(stand: Stand) -> None:
    """The owner who has put the pause aside is told of its end all the same, and of no second pause meanwhile."""
    stand.receive(*events.directory(), event(events.paused("erin"), correlation_id="plan-1"))
    stand.receive(_mark("olivia", _ids(stand, "olivia"), "handled"))
    stand.receive(event(events.paused("emil"), correlation_id="purchase-1"))
    assert stand.wordings("olivia") == ["workspace_paused"]
    stand.receive(event(events.freed("erin"), correlation_id="plan-2"))
    assert sorted(stand.wordings("olivia")) == ["workspace_freed", "workspace_paused"]
    handled = [message for message in stand.published if isinstance(message, NoticeHandled)]
    assert [message.user_id for message in handled] == ["olivia"]  # once, by herself


def test_what_was_put_aside_before_its_mail_went_out_is_not_mailed(asked: Stand) -> None:
    box = Letterbox()
    asked.receive(_mark("adam", _ids(asked, "adam"), "handled"))
    asked.receive(_mark("olivia", _ids(asked, "olivia"), "read"))
    asked.run_emails(box)
    assert [letter.address for letter in box.letters] == ["olivia@acme.example"]


def test_a_kind_that_is_not_wanted_by_email_stands_in_app_only(stand: Stand) -> None:
    stand.receive(*events.directory(), SetEmailPreference(user_id="erin", kind="credits_low", by_email=False))
    stand.receive(events.low(), events.exhausted(), events.low("emil"))
    box = Letterbox()
    stand.run_emails(box)
    assert sorted(letter.address for letter in box.letters) == ["emil@acme.example", "erin@acme.example"]
    assert sorted(stand.wordings("erin")) == ["credits_exhausted", "credits_low"]
    assert stand.published[0] == EmailPreferenceSet(user_id="erin", kind="credits_low", by_email=False)
    stand.receive(SetEmailPreference(user_id="erin", kind="credits_low", by_email=True))
    stand.receive(event(events.low(), id="the next crossing"))
    stand.run_emails(box)
    assert len(box.letters) == 3


def test_the_preference_counts_when_the_mail_goes_out(asked: Stand) -> None:
    """Digests, too: what is switched off while it waits is not sent."""
    asked.receive(SetEmailPreference(user_id="adam", kind="top_up_requested", by_email=False))
    box = Letterbox()
    asked.run_emails(box)
    assert [letter.address for letter in box.letters] == ["olivia@acme.example"]
    assert [delivery.state for delivery in asked.emails("adam")].count("dropped") == 1


def _by_link(url: str) -> Unsubscribe:
    """What an edge makes of the link."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return Unsubscribe.read({"user_id": query["user"], "kind": query["kind"], "token": query["token"]})


@pytest.mark.case(10)
def test_the_link_in_a_mail_ends_that_kind_for_its_reader_and_nothing_else(stand: Stand) -> None:
    box = Letterbox()
    stand.receive(*events.directory(), events.low(), events.low("emil"))
    stand.run_emails(box)
    links = {letter.address: _by_link(letter.unsubscribe_url) for letter in box.letters}
    erin, emil = links["erin@acme.example"], links["emil@acme.example"]
    assert erin.token != emil.token
    forged = erin.model_copy(update={"token": emil.token})
    stand.receive(forged, erin.model_copy(update={"user_id": "vera"}))
    refusals = [message.reason for message in stand.published if isinstance(message, NotificationCommandRefused)]
    assert refusals == [Reason.UNSUBSCRIBE_LINK_INVALID, Reason.UNSUBSCRIBE_LINK_INVALID]

    stand.receive(erin, event(events.low(), id="next"), event(events.low("emil"), id="his next"), events.exhausted())
    stand.run_emails(box)
    assert sorted(letter.address for letter in box.letters[2:]) == ["emil@acme.example", "erin@acme.example"]
    # The same link works again, and is the same in each of a person's mails.
    assert [_by_link(letter.unsubscribe_url).token for letter in box.letters if letter.address[:4] == "erin"] == [
        erin.token,
        erin.token,
    ]


def test_the_worker_can_change_no_token(stand: Stand) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), stand.connection.transaction():
        stand.connection.execute("UPDATE unsubscribe_tokens SET token = gen_random_uuid()")
