"""Every principal, every topic, every deed: what the table says is what the broker lets happen, no more and no less."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from shared.contracts.catalog import TOPICS as CATALOG
from shared.messaging.kafka.standing import Standing
from tests.integration.kafka.rights.attempts import Attempts
from tests.integration.kafka.rights.conftest import OUTSIDERS, Office
from tests.integration.kafka.rights.expected import DEEDS, DEEDS_ON_WHAT_IS_THERE, PARTIES, TOPICS, Deed, allowed


@dataclass
class Happened:
    """What each principal was let do, and who wrote into each topic as the super user finds it in the log."""

    let: dict[str, set[tuple[str, Deed]]]
    writers: dict[str, list[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def happened(office: Office) -> Happened:
    """Everyone has tried everything: the super user last, for it deletes the topics."""
    found = Happened(dict(office.created))
    office.super_user.let("write")  # so that there is something to be read everywhere
    everyone: dict[str, Attempts] = office.people
    for deed in DEEDS_ON_WHAT_IS_THERE:
        for name, person in everyone.items():
            found.let[name] = found.let[name] | person.let(deed)
    found.writers = office.super_user.contents()
    for deed in DEEDS_ON_WHAT_IS_THERE:
        found.let["admin"] = found.let["admin"] | office.super_user.let(deed)
    return found


def test_the_table_has_a_line_for_every_topic_of_the_catalog() -> None:
    assert list(TOPICS) == [topic.name for topic in CATALOG]


@pytest.mark.parametrize("party", PARTIES)
def test_a_party_does_what_the_table_says_and_no_more(happened: Happened, party: str) -> None:
    assert happened.let[party] == allowed(party)


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_whom_no_rule_names_or_who_proves_no_name_does_nothing(happened: Happened, outsider: str) -> None:
    assert happened.let[outsider] == set()


def test_the_super_user_does_everything_so_that_each_refusal_was_one_of_rights(happened: Happened) -> None:
    assert happened.let["admin"] == {(topic, deed) for topic in TOPICS for deed in DEEDS}


def test_the_log_holds_what_the_allowed_wrote_and_nothing_else(happened: Happened) -> None:
    expected = {topic: ["admin", *(p for p in PARTIES if (topic, "write") in allowed(p))] for topic in TOPICS}
    assert happened.writers == expected


@pytest.mark.parametrize("party", PARTIES)
def test_what_a_party_may_neither_read_nor_write_it_does_not_even_see(office: Office, party: str) -> None:
    settings = office.people[party].settings
    standing = Standing.of(settings, [settings.prefix + topic for topic in TOPICS])
    seen = {topic for topic in TOPICS if settings.prefix + topic not in standing.hidden}
    assert seen == {topic for topic, _ in allowed(party)}
