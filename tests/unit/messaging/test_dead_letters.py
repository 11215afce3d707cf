"""What a dead letter keeps of the original: all of it, unless its topic carries personal data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from shared.contracts.catalog import TOPICS, WORKSPACE_CONTACT, WORKSPACE_DIRECTORY
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.flaws import Flaw, Unreadable
from shared.contracts.topics import Topic
from shared.messaging import dead_letters
from shared.messaging.arrivals import Arrival
from shared.messaging.log import Place

PERSON = b'{"email": "ann@example.test"'


@dataclass
class Stored:
    """A record as it stands in the log."""

    offset: int = 7
    timestamp: int = 0
    key: bytes | None = b"u1"
    value: bytes | None = PERSON
    headers: tuple[tuple[str, bytes | None], ...] = (("who", b"Ann"),)


def letter(topic: Topic) -> DeadLettered:
    unreadable = Unreadable(Flaw.NOT_JSON, "cut off", PERSON)
    arrival = Arrival(topic, Place(topic.name, 0), Stored(), datetime(2026, 1, 1, tzinfo=UTC), [unreadable])
    message = dead_letters.letter("notification", arrival, 0, unreadable).message
    assert isinstance(message, DeadLettered)
    return message


@pytest.mark.case(23)
def test_of_personal_data_a_dead_letter_keeps_place_and_hash_whatever_the_topics_compaction() -> None:
    for lag_hours in (None, 24):
        found = letter(replace(WORKSPACE_CONTACT, max_compaction_lag_hours=lag_hours))

        assert (found.key_base64, found.value_base64, found.headers) == (None, None, ())
        assert found.value_sha256
        assert (found.source_partition, found.source_offset) == (0, 7)


def test_a_bound_on_compaction_alone_costs_no_original() -> None:
    found = letter(replace(WORKSPACE_DIRECTORY, max_compaction_lag_hours=24))

    assert found.value_base64
    assert found.headers


def test_contacts_alone_carry_personal_data() -> None:
    assert [topic for topic in TOPICS if topic.personal_data] == [WORKSPACE_CONTACT]
