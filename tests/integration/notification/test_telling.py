"""What is told, on real tables: who, once, and what becomes of it."""

from __future__ import annotations

import psycopg
import pytest

from shared.contracts.message import Message
from shared.contracts.notification import NoticeDelivered, NoticeHandled
from tests.integration.notification.stand import Stand, event, removed
from tests.unit.notification import events
from tests.unit.notification.events import ROLES, uuid


@pytest.mark.rule("N1", "A3", "N3")
def test_a_request_is_told_to_owner_and_admins_and_to_nobody_else(stand: Stand) -> None:
    stand.receive(*events.directory(), events.requested())
    assert {user_id: stand.wordings(user_id) for user_id in ROLES if stand.wordings(user_id)} == {
        "olivia": ["top_up_requested"],
        "adam": ["top_up_requested"],
    }
    delivered = [message for message in stand.published if isinstance(message, NoticeDelivered)]
    assert {(message.user_id, message.channel, message.about_id) for message in delivered} == {
        ("olivia", "in_app", uuid(1)),
        ("adam", "in_app", uuid(1)),
    }
    assert len(stand.emails("adam")) == 1


@pytest.mark.rule("N4")
@pytest.mark.case(4)
def test_the_same_event_delivered_again_tells_nobody_again(stand: Stand) -> None:
    stand.receive(*events.directory(), events.requested())
    published = len(stand.published)
    stand.receive(events.requested(), events.requested())
    assert len(stand.told("adam")) == len(stand.emails("adam")) == 1
    assert len(stand.published) == published == 2


@pytest.mark.rule("N4")
@pytest.mark.case(4)
def test_the_same_event_twice_in_one_run_tells_once(stand: Stand) -> None:
    stand.receive(*events.directory(), events.purchase_declined(), events.purchase_declined())
    assert len(stand.told("adam")) == len(stand.emails("adam")) == len(stand.published) == 1


@pytest.mark.rule("N4")
def test_the_database_itself_refuses_a_second_notice_of_one_event_and_person(stand: Stand) -> None:
    stand.receive(*events.directory(), events.requested())
    copy = """INSERT INTO notices (notice_id, event_source, event_id, user_id, workspace_id, kind, wording, about_id,
                facts, occurred_at)
              SELECT gen_random_uuid(), event_source, event_id, user_id, workspace_id, kind, wording, about_id, facts,
                occurred_at FROM notices WHERE user_id = 'adam'"""
    with pytest.raises(psycopg.errors.UniqueViolation), stand.connection.transaction():
        stand.connection.execute(copy)


def test_the_worker_can_neither_delete_a_notice_nor_change_what_it_says(stand: Stand) -> None:
    stand.receive(*events.directory(), events.requested())
    for statement in ("DELETE FROM notices", "UPDATE notices SET facts = '{}'", "DELETE FROM emails"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), stand.connection.transaction():
            stand.connection.execute(statement)


@pytest.mark.rule("A6", "N2")
@pytest.mark.parametrize(
    ("outcome", "wording", "mails"),
    [
        (events.fulfilled(), "request_fulfilled", 1),
        (events.request_declined(), "request_declined", 1),
        (events.expired(), "request_expired", 1),
        (events.cancelled(), "request_cancelled", 0),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_a_settled_request_is_told_to_the_asker_and_handled_for_the_others(
    stand: Stand, outcome: Message, wording: str, mails: int
) -> None:
    stand.receive(*events.directory(), events.requested(1), events.requested(2, asker="emil"))
    stand.receive(outcome)
    assert stand.wordings("erin") == [wording]
    assert len(stand.emails("erin")) == mails
    handled = [message for message in stand.published if isinstance(message, NoticeHandled)]
    assert {(message.user_id, message.about_id) for message in handled} == {("olivia", uuid(1)), ("adam", uuid(1))}
    assert sorted(stand.states("adam")) == ["handled", "unread"]


@pytest.mark.rule("A6")
def test_a_request_settled_before_it_is_told_leaves_nothing_open(stand: Stand) -> None:
    stand.receive(*events.directory(), events.fulfilled(), events.requested())
    assert stand.states("adam") == ["handled"]
    assert stand.states("erin") == ["unread"]


def test_a_request_of_another_workspace_with_the_same_id_stays_open(stand: Stand) -> None:
    stand.receive(*events.directory(), *events.directory("rival"))
    stand.receive(events.requested(1), events.requested(1, workspace_id="rival"))
    stand.receive(events.expired(1, workspace_id="rival"))
    by_workspace = {told.workspace_id: told.state for told in stand.told("adam")}
    assert by_workspace == {"acme": "unread", "rival": "handled"}


@pytest.mark.rule("N2", "B8")
@pytest.mark.parametrize("paid_first", [True, False])
def test_the_receipt_comes_when_payment_and_credits_are_both_known(stand: Stand, paid_first: bool) -> None:
    halves = [events.paid(), events.credited()]
    first, second = halves if paid_first else reversed(halves)
    stand.receive(*events.directory(), first)
    assert stand.wordings("adam") == []
    stand.receive(second)
    assert stand.wordings("adam") == ["purchase_receipt"]
    assert stand.wordings("erin") == stand.wordings("emil") == ["credits_received"]
    assert stand.told("adam")[0].facts["total_minor"] == 9_800
    stand.receive(first, second)
    assert stand.wordings("adam") == ["purchase_receipt"]


@pytest.mark.rule("N2", "B9")
def test_each_decline_and_each_authentication_is_told_to_the_buyer(stand: Stand) -> None:
    first, second = events.purchase_declined(), events.purchase_declined().model_copy(update={"next_attempt": 3})
    stand.receive(*events.directory(), first, second, events.action_required())
    assert sorted(stand.wordings("adam")) == ["action_required", "purchase_declined", "purchase_declined"]


@pytest.mark.rule("N2", "C4")
def test_a_paused_workspace_is_told_to_each_account_and_once_to_the_owner(stand: Stand) -> None:
    stand.receive(*events.directory())
    stand.receive(*(event(events.paused(user_id), correlation_id="plan-1") for user_id in ("erin", "emil", "gina")))
    assert stand.wordings("erin") == stand.wordings("gina") == ["credits_paused"]
    assert stand.wordings("olivia") == ["workspace_paused"]
    stand.receive(*(event(events.freed(user_id), correlation_id="plan-2") for user_id in ("erin", "emil", "gina")))
    assert sorted(stand.wordings("erin")) == ["credits_freed", "credits_paused"]
    assert dict(zip(stand.wordings("olivia"), stand.states("olivia"), strict=True)) == {
        "workspace_paused": "handled",
        "workspace_freed": "unread",
    }


@pytest.mark.rule("N2", "C5")
def test_a_role_that_pauses_one_account_is_told_to_its_user_alone(stand: Stand) -> None:
    stand.receive(*events.directory(), event(events.paused("erin", cause="role"), correlation_id="role-1"))
    stand.receive(event(events.freed("erin"), correlation_id="role-2"))
    assert sorted(stand.wordings("erin")) == ["credits_freed", "credits_paused"]
    assert stand.told("olivia") == []


@pytest.mark.rule("N2")
def test_a_straggling_account_of_an_old_crossing_does_not_settle_the_next_one(stand: Stand) -> None:
    stand.receive(*events.directory())
    stand.receive(event(events.paused("erin"), correlation_id="plan-1"))
    stand.receive(event(events.freed("erin"), correlation_id="plan-2"))
    stand.receive(event(events.paused("erin"), id="again", correlation_id="plan-3"))
    stand.receive(event(events.freed("emil"), correlation_id="plan-2"))
    open_notices = [told.wording for told in stand.told("olivia") if told.state == "unread"]
    assert sorted(open_notices) == ["workspace_freed", "workspace_paused"]


@pytest.mark.rule("N2")
def test_credits_bought_into_a_paused_workspace_tell_the_owner_nothing_new(stand: Stand) -> None:
    stand.receive(*events.directory(), event(events.paused("erin"), correlation_id="plan-1"))
    stand.receive(event(events.paused("emil"), correlation_id="purchase-1"))
    assert stand.wordings("olivia") == ["workspace_paused"]
    assert stand.wordings("emil") == ["credits_paused"]


@pytest.mark.rule("N2", "C15")
def test_each_crossing_is_told_to_the_accounts_user_and_to_nobody_else(stand: Stand) -> None:
    stand.receive(*events.directory(), events.low(), events.exhausted(), events.low("~pool"))
    stand.receive(events.low(), event(events.low(), id="the next crossing"))
    assert sorted(stand.wordings("erin")) == ["credits_exhausted", "credits_low", "credits_low"]
    assert {user_id for user_id in (*ROLES, "~pool") if stand.told(user_id)} == {"erin"}


@pytest.mark.rule("N2")
def test_the_owner_is_not_told_twice_of_the_own_account(stand: Stand) -> None:
    stand.receive(*events.directory(), event(events.paused("olivia"), correlation_id="plan-1"))
    assert stand.wordings("olivia") == ["credits_paused"]


@pytest.mark.rule("N3")
def test_an_event_of_an_unknown_workspace_waits_and_then_tells_whom_it_can(stand: Stand) -> None:
    stand.receive(events.requested(), events.paused("erin"))
    assert [park.waiting_for for park in stand.parked] == [
        "owner or admin of workspace acme",
        "owner of workspace acme",
    ]
    assert stand.published == []
    stand.receive(event(events.requested(), may_wait=False), event(events.paused("erin"), may_wait=False))
    assert stand.wordings("erin") == ["credits_paused"]


@pytest.mark.rule("N3")
def test_a_workspace_whose_deciders_are_not_known_yet_is_waited_for(stand: Stand) -> None:
    stand.receive(events.workspace(), events.member("erin"), events.requested())
    assert len(stand.parked) == 1
    stand.receive(events.member("adam"), events.requested())
    assert stand.wordings("adam") == ["top_up_requested"]


@pytest.mark.rule("N3")
def test_only_the_newest_version_of_a_member_counts(stand: Stand) -> None:
    stand.receive(*events.directory())
    stand.receive(events.member("adam", "viewer", version=3))
    stand.receive(events.member("adam", "admin", version=2))
    stand.receive(events.member("erin", "admin", version=2), events.member("erin", "admin", version=2))
    stand.receive(events.requested(asker="emil"))
    assert stand.wordings("adam") == []
    assert stand.wordings("erin") == ["top_up_requested"]


@pytest.mark.rule("N3")
def test_who_left_is_told_nothing_more_because_of_a_role(stand: Stand) -> None:
    stand.receive(*events.directory(), removed("acme/adam"), events.requested())
    assert stand.wordings("adam") == []
    stand.receive(events.member("adam", version=1), events.requested(2))
    assert stand.wordings("adam") == []
    stand.receive(events.member("adam", version=2), events.requested(3))
    assert stand.wordings("adam") == ["top_up_requested"]


def test_a_removed_workspace_has_nobody_to_tell_and_is_not_waited_for(stand: Stand) -> None:
    stand.receive(*events.directory(), removed("acme"), events.requested())
    assert stand.parked == []
    assert stand.told("olivia") == []


@pytest.mark.case(24)
def test_names_of_any_characters_are_kept(stand: Stand) -> None:
    name = "\r\n<b>\u202e😀" + "x" * 9_000
    stand.receive(events.workspace(name), events.contact("adam", name=name))
    with stand.connection.transaction():
        assert stand.repository.directory.name_of("acme") == name
        assert stand.repository.contacts.names_of(["adam"]) == {"adam": name}


@pytest.mark.rule("N4")
@pytest.mark.case(12)
def test_a_database_restored_to_before_publishes_the_same_again(stand: Stand) -> None:
    story = [*events.directory(), events.requested(), events.paid(), events.credited(), events.fulfilled()]
    with stand.connection.transaction(force_rollback=True):
        stand.receive(*story)
    lost = list(stand.outgoing)
    stand.outgoing.clear()
    stand.receive(*story)
    assert stand.outgoing == lost
    assert len({outgoing.event_id for outgoing in lost}) == len(lost) == 8
