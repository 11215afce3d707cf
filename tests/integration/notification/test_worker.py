"""The worker as it runs: events of the other services in, notices, mails and events of its own out."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from services.cli.listening import kept_events
from shared.contracts.catalog import DEAD_LETTERS, OPS_METRICS, WORKSPACE_CONTACT
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.envelope import CONTENT_TYPE_HEADERS
from shared.contracts.notification_commands import SetEmailPreference
from shared.contracts.ops import WorkerFigures
from shared.messaging.log import Parcel
from tests.integration.notification.live import Live
from tests.unit.notification import events


@pytest.mark.rule("N1", "N2", "A6", "B8")
def test_a_request_from_asking_to_credits_is_told_to_everybody_it_concerns(live: Live) -> None:
    # The events are there before the worker has ever seen the directory, or what somebody wants: it reads those first.
    live.say(events.requested())
    live.say(SetEmailPreference(user_id="olivia", kind="top_up_requested", by_email=False))
    live.say(*events.directory())
    live.worker.start()
    live.wait_for_notices("adam", 1)
    live.say(events.credited(editors=("erin",)), events.paid(editors=("erin",)), events.fulfilled())
    assert {told.wording for told in live.wait_for_notices("adam", 2)} == {"top_up_requested", "purchase_receipt"}
    assert {told.wording for told in live.wait_for_notices("erin", 2)} == {"request_fulfilled", "credits_received"}
    assert [told.state for told in live.told("olivia")] == ["handled"]
    for user_id, state in (("adam", "sent"), ("erin", "sent"), ("olivia", "dropped")):
        live.wait_for_emails(user_id, state)
    live.wait_until_quiet()
    to = sorted((mail.recipients[0], mail.message["Subject"]) for mail in live.mails())
    assert to == [
        ("adam@acme.example", "Erin asks for 12,000 credits in Acme"),
        ("adam@acme.example", "Receipt: USD 49.00 for credits in Acme"),
        ("erin@acme.example", "You have 12,000 new credits in Acme"),
        ("erin@acme.example", "Your request for credits in Acme was granted"),
    ]
    published = live.published()
    assert set(published.values()) == {1}
    # Five notices in-app and four of them by email, of which two were handled; and the answer to a command.
    assert Counter(kind.split(".")[1] for kind, _ in published) == {
        "notice-delivered": 9,
        "notice-handled": 2,
        "email-preference-set": 1,
    }
    assert live.worker.stop() == 0


@pytest.mark.case(19, 23)
def test_a_broken_contact_is_dead_lettered_by_place_and_hash_and_the_next_one_is_read(live: Live) -> None:
    broken = b'{"specversion": "1.0", "name": "Adam", "email": "adam@secret.example"}'
    live.deliver([Parcel(WORKSPACE_CONTACT, b"adam", broken, CONTENT_TYPE_HEADERS)])
    live.say(*events.directory(), events.requested())
    live.worker.start()
    live.wait_for_emails("adam", "sent")
    live.wait_until_quiet()
    assert live.worker.stop() == 0
    (dead,) = kept_events(live.kafka, [DEAD_LETTERS["notification"]])
    assert isinstance(dead.message, DeadLettered)
    assert dead.message.source_topic == WORKSPACE_CONTACT.name
    assert dead.message.value_sha256 == hashlib.sha256(broken).hexdigest()
    assert dead.message.value_base64 is None
    log = live.worker.log.read_text()
    figures = [event.message for event in kept_events(live.kafka, [OPS_METRICS])]
    assert [told.state for told in figures if isinstance(told, WorkerFigures)][-1] == "ending"
    last = figures[-1]
    assert isinstance(last, WorkerFigures)
    assert last.service == "notification"
    assert last.number == len(figures)
    assert sum(lane.dead_lettered for lane in last.lanes) == 1
    assert sum(lane.records for lane in last.lanes) == 1 + len(events.directory()) + 1
    assert sum(lane.behind or 0 for lane in last.lanes) == 0
    assert last.relay.published >= 2  # the dead letter, and what was delivered
    assert last.outbox is not None
    assert "secret.example" not in dead.message.model_dump_json() + log
    assert "acme.example" not in log
