"""Products of any make report usage: no library of ours, any mode of CloudEvents, any partitioner, keyed or not."""

from __future__ import annotations

from base64 import b64decode

import pytest

from shared.contracts import catalog
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.flaws import Flaw
from shared.contracts.reasons import Reason
from tests.e2e.town import Event, Headers, Household, Town, line, usage_event
from tests.stack.fixtures import PARTITIONS

BATCH: Headers = (("content-type", b"application/cloudevents-batch+json"),)
QUOTA = 10_000  # of an editor on Business, in the examples' catalog


@pytest.fixture
def home(town: Town) -> Household:
    return town.household()


def test_a_line_typed_into_a_console_producer_burns(town: Town, home: Household) -> None:
    data = f'{{"usage_id":"first","workspace_id":"{home.name}","user_id":"{home.person("editor")}",'
    data += '"occurred_at":"2026-01-31T12:00:00Z","credits":25}'
    typed = '{"specversion":"1.0","id":"1","source":"/my-product","type":"product.usage-reported.v1",'
    typed += f'"time":"2026-01-31T12:00:00Z","data":{data}}}'

    town.send_raw(catalog.PRODUCT_USAGE, typed.encode(), partition=None)

    town.burned(home, 25)


def test_an_empty_key_is_none(town: Town, home: Household) -> None:
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home, 11)), key=b"", partition=1)

    town.burned(home, 11)


def test_binary_mode_burns(town: Town, home: Household) -> None:
    event = usage_event(home, 12)
    data = event.pop("data")
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items()]

    town.send_raw(
        catalog.PRODUCT_USAGE,
        line(data),
        key=home.name.encode(),
        headers=[*headers, ("content-type", b"application/json; charset=utf-8")],
    )

    town.burned(home, 12)


def test_a_bad_element_of_a_batch_is_set_aside_alone_and_the_others_burn(town: Town, home: Household) -> None:
    good = [usage_event(home, credits) for credits in (1, 2, 4)]
    bad = usage_event(home, -8)
    batch = b"[ %b ]" % b" , ".join(line(event) for event in (good[0], bad, *good[1:]))

    place, offset = town.send_raw(catalog.PRODUCT_USAGE, batch, key=home.name.encode(), headers=BATCH)

    town.burned(home, 7)
    (letter,) = town.dead_letters(place, offset, ["credit-ledger"])
    assert (letter.element, letter.reason) == (1, Flaw.INVALID_DATA)
    assert b64decode(letter.value_base64 or "") == line(bad)


def test_a_batch_that_mixes_workspaces_burns_for_none_but_the_first(town: Town, home: Household) -> None:
    other = town.household()

    place, offset = town.send_raw(
        catalog.PRODUCT_USAGE, line([usage_event(home, 3), usage_event(other, 5)]), headers=BATCH
    )

    town.burned(home, 3)
    (letter,) = town.dead_letters(place, offset, ["credit-ledger"])
    assert (letter.element, letter.reason) == (1, Flaw.KEY_MISMATCH)
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(other, 6)), partition=place.partition)
    town.burned(other, 6)


@pytest.mark.rule("C11")
def test_another_partitioner_spreads_a_workspace_over_all_partitions_and_the_books_are_the_same(
    town: Town, home: Household
) -> None:
    """Where a key lands is the producer's affair: order is lost to it, and nothing else."""
    usages = [usage_event(home, 1 + number) for number in range(12)]

    for number, usage in enumerate(usages):
        town.send_raw(catalog.PRODUCT_USAGE, line(usage), key=home.name.encode(), partition=number % PARTITIONS)
        town.send_raw(
            catalog.PRODUCT_USAGE, line(usage), partition=(number + 1) % PARTITIONS
        )  # and once more elsewhere

    town.burned(home, sum(range(1, 13)))
    assert _balance(town, home) == QUOTA - sum(range(1, 13))


@pytest.mark.rule("C11")
def test_one_usage_id_with_other_content_is_refused_and_burns_nothing(town: Town, home: Household) -> None:
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home, 5, usage_id="twice")), key=home.name.encode())
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home, 6, usage_id="twice")), key=home.name.encode())

    assert town.refused_usage(home, "twice").reason is Reason.USAGE_ID_REUSED
    town.burned(home, 5)


@pytest.mark.rule("C10")
def test_a_usage_too_large_to_pay_is_refused_with_what_is_missing(town: Town, home: Household) -> None:
    event: Event = usage_event(home, 1_000_000_000, usage_id="too-much")

    town.send_raw(catalog.PRODUCT_USAGE, line(event))

    refused = town.refused_usage(home, "too-much")
    assert (refused.reason, refused.usage_source) == (Reason.INSUFFICIENT_CREDITS, "/test-product")
    assert (refused.needed, refused.available, refused.short_by) == (1_000_000_000, QUOTA, 1_000_000_000 - QUOTA)


def _balance(town: Town, home: Household) -> int:
    """The editor's latest balance, as any product that keeps its own copy has it."""

    def latest() -> int:
        balances = town.witness.seen(BalanceChanged, lambda event: event.user_id == home.person("editor"))
        return max(balances, key=lambda balance: balance.version).usable if balances else -1

    town.witness.until(lambda: latest() == QUOTA - sum(range(1, 13)), f"the balance of {home.name}'s editor")
    return latest()
