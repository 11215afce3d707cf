"""Consumer groups: each reader has a family of its own, and no party joins another's."""

from __future__ import annotations

import pytest

from tests.integration.kafka.rights.conftest import OUTSIDERS, Office
from tests.integration.kafka.rights.expected import GROUP_OWNERS, PARTIES

FOREIGN = ("billing", "billing2.commands", "other.group")
"""Names that only look like a party's."""


@pytest.mark.parametrize("party", PARTIES)
def test_a_party_joins_its_own_groups_and_no_others(office: Office, party: str) -> None:
    person = office.people[party]
    joined = {owner for owner in GROUP_OWNERS if person.joins(f"{owner}.commands")}
    assert joined == {party} & set(GROUP_OWNERS)
    assert not [name for name in FOREIGN if person.joins(name)]


@pytest.mark.parametrize("outsider", OUTSIDERS)
def test_whom_no_rule_names_or_who_proves_no_name_joins_nothing(office: Office, outsider: str) -> None:
    assert not [owner for owner in GROUP_OWNERS if office.people[outsider].joins(f"{owner}.commands")]


def test_the_super_user_joins_any_so_that_each_refusal_was_one_of_rights(office: Office) -> None:
    assert office.super_user.joins("billing.commands")
    assert office.super_user.joins("other.group")
