"""The relay publishes what was committed, in its order, each row until it is acknowledged, and one relay at a time."""

from __future__ import annotations

import time
from dataclasses import replace
from uuid import uuid4

import pytest

from shared.contracts.catalog import DEAD_LETTERS, TOP_UP, TOP_UP_COMMANDS
from shared.contracts.top_up_events import RequestCancelled
from shared.messaging import outbox
from shared.messaging.kafka import Publisher
from shared.messaging.log import KafkaProblem, Parcel
from shared.messaging.relay import MARGIN_S
from shared.messaging.work import Cause, Outgoing
from tests.integration.messaging.builders import command
from tests.integration.messaging.road_service import SERVICE
from tests.integration.messaging.road_world import World, event, wait_until


def cancelled(workspace_id: str, number: int) -> RequestCancelled:
    return RequestCancelled(
        request_id=f"0198c0de-0000-7000-8000-{number:012d}", workspace_id=workspace_id, asker_id="u1"
    )


def write(world: World, *messages: RequestCancelled) -> None:
    with world.database.transaction() as connection:
        outgoing = [Outgoing(TOP_UP, message, Cause("/test", message.request_id)) for message in messages]
        outbox.write(connection, SERVICE, outgoing, world.now())


def published(world: World) -> list[tuple[str, str]]:
    return [(found["data"]["workspace_id"], found["data"]["request_id"]) for found in world.events(TOP_UP)]


def test_an_entitys_messages_are_published_in_the_order_of_their_commits(world: World) -> None:
    world.relay()
    for start in range(0, 300, 50):
        write(world, *(cancelled(f"w{number % 5}", number) for number in range(start, start + 50)))

    world.wait_for_empty_outbox()

    found = published(world)
    assert len(found) == 300
    for entity in range(5):
        own = [request for workspace, request in found if workspace == f"w{entity}"]
        assert own == sorted(own)


def test_a_commit_wakes_the_relay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks_every_s = 6.0  # by itself: so slow that a busy machine is not taken for a relay that nobody wakes
    monkeypatch.setattr("shared.messaging.relay.LOOK_EVERY_S", looks_every_s)
    relay = world.relay()
    write(world, cancelled("w1", 1))
    world.wait_for_empty_outbox()
    wait_until(lambda: world.query("SELECT sending_since FROM relay_lease") == [(None,)], "an idle relay")
    waits: list[float] = []
    for number in range(2, 8):
        started = time.monotonic()
        write(world, cancelled("w1", number))
        world.wait_for_empty_outbox()
        waits.append(time.monotonic() - started)

    assert sorted(waits)[3] < looks_every_s / 2
    assert relay.target.figures["published"] == 7


def test_what_is_uncommitted_or_rolled_back_is_never_published(world: World) -> None:
    world.relay()
    with world.database.connect() as connection:
        outbox.write(connection, SERVICE, [Outgoing(TOP_UP, cancelled("w1", 1), Cause("/test", "1"))], world.now())
        connection.rollback()
    write(world, cancelled("w1", 2))
    world.wait_for_empty_outbox()

    assert [request[-1] for _, request in published(world)] == ["2"]


@pytest.mark.case(9)
def test_rows_that_are_committed_out_of_order_are_all_published(world: World) -> None:
    relay = world.relay()
    with world.database.connect() as slow:
        outbox.write(slow, SERVICE, [Outgoing(TOP_UP, cancelled("slow", 1), Cause("/test", "1"))], world.now())
        write(world, cancelled("fast", 2))
        wait_until(lambda: relay.target.figures["published"] == 1, "the row that was committed first")
        slow.commit()

    world.wait_for_empty_outbox()

    assert sorted(workspace for workspace, _ in published(world)) == ["fast", "slow"]


def test_one_relay_is_active_and_the_next_takes_over_without_waiting_when_it_closed_cleanly(world: World) -> None:
    first = world.relay()
    write(world, cancelled("w1", 1))
    world.wait_for_empty_outbox()
    second = world.relay()
    write(world, cancelled("w1", 2))
    world.wait_for_empty_outbox()
    assert second.target.figures["published"] == 0

    first.stop()
    started = time.monotonic()
    write(world, cancelled("w1", 3))
    world.wait_for_empty_outbox()

    assert second.target.figures["published"] == 1
    assert time.monotonic() - started < world.settings.delivery_timeout_ms / 1000


def test_the_rest_goes_out_before_the_relay_ends(world: World) -> None:
    relay = world.relay()
    write(world, cancelled("w1", 0))
    world.wait_for_empty_outbox()
    write(world, *(cancelled("w1", number) for number in range(1, 2500)))

    relay.stop()

    assert world.query("SELECT count(*) FROM outbox") == [(0,)]
    assert len(published(world)) == 2500


@pytest.mark.case(9)
def test_after_an_unclean_end_the_successor_waits_until_nothing_can_land_late(world: World) -> None:
    with world.owner() as connection:
        connection.execute("UPDATE billing.relay_lease SET sending_since = clock_timestamp()")
    started = time.monotonic()
    world.relay()
    write(world, cancelled("w1", 1))

    world.wait_for_empty_outbox()

    assert time.monotonic() - started >= world.settings.delivery_timeout_ms / 1000 + MARGIN_S - 0.5


@pytest.mark.case(11)
def test_a_relay_that_loses_its_session_begins_anew(world: World) -> None:
    relay = world.relay()
    write(world, cancelled("w1", 1))
    world.wait_for_empty_outbox()

    holders = "SELECT pid FROM pg_locks JOIN pg_database ON database = pg_database.oid"
    here = "locktype = 'advisory' AND datname = current_database()"
    with world.superuser() as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({holders} WHERE {here}) AS relay")
    write(world, cancelled("w1", 2))
    world.wait_for_empty_outbox()

    assert relay.error is None
    assert len(published(world)) == 2


@pytest.mark.case(19)
def test_a_message_no_broker_takes_never_reaches_the_outbox(world: World) -> None:
    letter = DEAD_LETTERS[SERVICE]
    with world.database.transaction() as connection, pytest.raises(outbox.Unpublishable):
        outbox.write(connection, SERVICE, [Outgoing(letter, cancelled("w1", 1), Cause("/t", "1"))], world.now())


def test_ids_derive_from_the_cause_and_the_ordinal(world: World) -> None:
    same = [Outgoing(TOP_UP, cancelled("w1", 1), Cause("/test", "cause")) for _ in range(2)]
    for _ in range(2):
        with world.database.transaction() as connection:
            outbox.write(connection, SERVICE, same, world.now())

    ids = [row[0] for row in world.query("SELECT event_id FROM outbox ORDER BY id")]

    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]


def test_a_rejected_record_does_not_poison_what_comes_after(world: World) -> None:
    publisher = Publisher(world.settings, "poisoner")
    good = Parcel(TOP_UP_COMMANDS, b"w1", event(command("w1")))
    roomy = replace(TOP_UP_COMMANDS, max_message_bytes=4_000_000)
    rejected = publisher.send([Parcel(roomy, b"w1", b"x" * 2_000_000)])
    assert rejected.acknowledged == []
    assert "MessageSizeTooLarge" in (rejected.error or "")
    assert not rejected.passes

    assert publisher.send([good]).error is None

    with pytest.raises(KafkaProblem, match="more than"):
        publisher.send([Parcel(TOP_UP_COMMANDS, b"w1", b"x" * 2_000_000)])
    assert publisher.send([good]).acknowledged == [0]
    publisher.discard()


def test_a_missing_topic_is_said_and_nothing_is_lost(world: World) -> None:
    publisher = Publisher(world.settings, "wanderer")
    nowhere = replace(TOP_UP_COMMANDS, name=f"nowhere-{uuid4().hex}")

    sent = publisher.send([Parcel(nowhere, b"w1", b"{}")])

    assert sent.acknowledged == []
    assert sent.error
    assert sent.passes
    publisher.discard()
