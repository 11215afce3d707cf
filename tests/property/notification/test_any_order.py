"""Any order, any duplication, any cut into batches: the same people are told the same, once (N4)."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.notification.stand import Event, Stand, event
from tests.unit.notification import events, going_back
from tests.unit.notification.events import ROLES

OTHER = "rival"
# Billing's stream of a workspace and the ledger's two have no order among each other. Inside billing's the service
# relies on none either; pauses and frees of one account keep theirs, as Kafka does for a key.
FREE_EVENTS = [
    event(events.requested(1)),
    event(events.requested(2, asker="emil")),
    event(events.requested(3, workspace_id=OTHER)),
    event(events.fulfilled(1)),
    event(events.request_declined(2, asker="emil")),
    event(events.expired(3, workspace_id=OTHER)),
    event(events.paid(50)),
    event(events.credited(50)),
    event(events.paid(51, editors=("adam", "gina"), workspace_id=OTHER)),
    event(events.credited(51, editors=("adam", "gina"), workspace_id=OTHER)),
    event(events.purchase_declined(52)),
    event(events.action_required(52)),
    event(going_back.refunded()),
    event(going_back.refund_failed()),
    event(going_back.disputed()),
    event(going_back.dispute_closed()),
    event(going_back.granted()),
    event(going_back.corrected()),
]
STREAMS = [
    [
        event(events.paused(user_id, workspace_id=workspace_id), correlation_id="down"),
        event(events.freed(user_id, workspace_id=workspace_id), correlation_id="up"),
        event(events.low(user_id, workspace_id=workspace_id)),
        event(events.exhausted(user_id, workspace_id=workspace_id)),
    ]
    for workspace_id in ("acme", OTHER)
    for user_id in ("erin", "emil", "olivia")
]
# What became of a recall is told when billing has said why; before, it waits.
STREAMS.append(
    [
        event(going_back.recall_opened()),
        event(going_back.frozen()),
        event(going_back.taken_back()),
        event(going_back.given_back(step=2)),
    ]
)
DIRECTORY = [*events.directory(), *events.directory(OTHER)]

Story = list[list[Event]]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """The events in some order, some of them several times, cut into batches."""
    streams = [[one] for one in FREE_EVENTS] + STREAMS
    turns = draw(st.permutations([number for number, stream in enumerate(streams) for _ in stream]))
    left = [list(stream) for stream in streams]
    order = [left[turn].pop(0) for turn in turns]
    for copied in draw(st.lists(st.integers(0, len(order) - 1), max_size=8)):
        # A redelivery comes after the first delivery, at any distance.
        place = draw(st.integers(copied + 1, len(order)))
        order.insert(place, order[copied])
    cuts = sorted(draw(st.sets(st.integers(1, len(order) - 1), max_size=6)))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


Outcome = tuple[frozenset[tuple[object, ...]], frozenset[tuple[object, ...]], int]


def _tell(connection: psycopg.Connection, story: Story) -> Outcome:
    with connection.transaction(force_rollback=True):
        stand = Stand(connection)
        stand.receive(*DIRECTORY)
        for batch in story:
            stand.receive(*batch)
        assert stand.parked == []
        told = [
            (user_id, one.notice_id, one.kind, one.wording, one.about_id, one.state, repr(sorted(one.facts.items())))
            for user_id in ROLES
            for one in stand.told(user_id)
        ]
        published = [(outgoing.event_id, outgoing.message.model_dump_json()) for outgoing in stand.outgoing]
        emails = sum(len(stand.emails(user_id)) for user_id in ROLES)
    assert len(set(published)) == len(published)
    return frozenset(told), frozenset(published), emails


@pytest.fixture(scope="module")
def in_order(notification_connection: psycopg.Connection) -> Outcome:
    """What the story leads to when everything comes once and in the order in which it happened."""
    return _tell(notification_connection, [FREE_EVENTS, *STREAMS])


@pytest.mark.rule("N4", "A6")
@pytest.mark.case(4)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories())
def test_the_same_is_told_whatever_the_order_and_however_often(
    notification_connection: psycopg.Connection, in_order: Outcome, story: Story
) -> None:
    assert _tell(notification_connection, story) == in_order


@pytest.mark.rule("N2")
def test_the_story_above_tells_everything_there_is(in_order: Outcome) -> None:
    told, _, emails = in_order
    assert {row[3] for row in told} == {
        "top_up_requested",
        "request_fulfilled",
        "request_declined",
        "request_expired",
        "purchase_receipt",
        "credits_received",
        "purchase_declined",
        "action_required",
        "credits_paused",
        "credits_freed",
        "workspace_paused",
        "workspace_freed",
        "credits_low",
        "credits_exhausted",
        "refund_to_buyer",
        "purchase_refunded",
        "refund_failed",
        "dispute_to_buyer",
        "purchase_disputed",
        "dispute_closed_to_buyer",
        "dispute_closed",
        "credits_frozen",
        "credits_taken_back",
        "credits_given_back",
        "credits_gifted",
        "credits_corrected",
    }
    assert emails == len(told)
