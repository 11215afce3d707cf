"""The ledger's worker killed for real at the borders of its transactions, and fed the same history again."""

from __future__ import annotations

import random

import pytest

from deploy.local.waiting import wait_until
from shared.contracts.credit_ledger import (
    BalanceChanged,
    CreditsBurned,
    CreditsReturned,
    PurchaseCredited,
    UsageRefused,
)
from shared.contracts.holds import HoldCaptured
from shared.messaging.borders import Border
from tests.fault.credit_ledger.counting_house import PATIENCE_S, USERS, CountingHouse
from tests.integration.credit_ledger.ledger import capture, hold, paid, release, reversal, usage, uuid_of

# 40 holds of 100 credits, a quarter of them released, the others captured with 60 each.
# 70 usages of 100 credits for each: all burned from a quota of 10,000; one of 4,000 that needs the bought credits.
HOLDS = [hold(f"h{number}", 100, user_id=USERS[number % 2]) for number in range(40)]
ENDS = [release(f"h{number}") if number % 4 == 3 else capture(f"h{number}", 60) for number in range(40)]
USAGES = [usage(f"u{number}", 100, user_id=USERS[number % 2]) for number in range(140)]
BORDERS = (
    f"{Border.LANE_BEFORE_COMMIT}:1",
    f"{Border.LANE_AFTER_COMMIT}:1",
    f"{Border.LANE_BEFORE_COMMIT}:2",
    f"{Border.RELAY_SENT}:1",
)
LARGE = [usage(f"large-{user}", 4_000, user_id=user) for user in USERS]


@pytest.mark.rule("B8", "C11")
@pytest.mark.case(6)
def test_a_ledger_killed_before_and_after_a_commit_credits_and_burns_everything_once(house: CountingHouse) -> None:
    """Each worker finds what the one before left behind, and is killed in its turn; the last one finishes all."""
    rounds = len(BORDERS)
    for number, border in enumerate(BORDERS):
        house.say(paid(f"p{number}", *USERS))
        house.say(*USAGES[number::rounds])
        house.start_to_die(border)
    house.worker.start()
    house.wait_for_usages(len(USAGES))
    house.wait_for_purchases(rounds)
    house.say(*LARGE)
    house.wait_for_usages(len(USAGES) + len(LARGE))
    house.wait_until_told()
    assert house.worker.stop() == 0
    left = rounds * 3_000 - 1_000
    assert house.left("erin") == house.left("evan") == {"quota": 0, "top_up": left}
    assert house.bad_checks() == []
    told = [event.message for event in house.told()]
    credited = [each.purchase_id for each in told if isinstance(each, PurchaseCredited)]
    assert sorted(credited) == sorted(uuid_of(f"acme/p{number}") for number in range(rounds))
    assert sum(each.credits for each in told if isinstance(each, CreditsBurned)) == 140 * 100 + 2 * 4_000
    assert sum(each.usages for each in told if isinstance(each, CreditsBurned)) == len(USAGES) + len(LARGE)
    balances = [each for each in told if isinstance(each, BalanceChanged) and each.user_id == "erin"]
    assert max(balances, key=lambda each: each.version).usable == left


@pytest.mark.rule("C11", "C10")
@pytest.mark.case(7)
def test_usage_doubled_shuffled_over_partitions_and_replayed_from_the_start_changes_nothing(
    house: CountingHouse,
) -> None:
    chance = random.Random(7)
    reports = [*USAGES, *LARGE, usage("too-much", 999_999)]
    house.worker.start()
    house.say(paid("p1", *USERS))
    for _ in range(3):
        chance.shuffle(reports)
        house.say_unkeyed(reports)
    house.wait_for_usages(len(reports))
    house.wait_for_purchases(1)
    house.wait_until_told()
    assert house.worker.stop() == 0
    once, reached = house.books(), house.offsets()
    assert house.bad_checks() == []
    house.forget_offsets()
    house.worker.start()
    wait_until(lambda: house.offsets() == reached, PATIENCE_S, "all is read again")
    house.wait_until_told()
    assert house.worker.stop() == 0
    assert house.books() == once
    assert house.bad_checks() == []
    refused = [each for event in house.told() if isinstance(each := event.message, UsageRefused)]
    assert {each.usage_id for each in refused} >= {"too-much"}


@pytest.mark.rule("C9", "C11", "C12")
@pytest.mark.case(6, 7)
@pytest.mark.parametrize("border", [f"{Border.LANE_BEFORE_COMMIT}:1", f"{Border.LANE_AFTER_COMMIT}:1"])
def test_holds_killed_doubled_shuffled_and_replayed_end_once_and_a_reversal_gives_back_once(
    house: CountingHouse, border: str
) -> None:
    chance = random.Random(9)
    commands = [*HOLDS, *ENDS]
    house.say(*commands)
    house.start_to_die(border)
    house.worker.start()
    for _ in range(2):
        chance.shuffle(commands)
        house.say_unkeyed(commands)
    house.say(usage("u1", 500), reversal("u1"), reversal("u1"))
    house.wait_for_holds(captured=30, released=10)
    wait_until(lambda: house.count("SELECT count(*) FROM usage_reversals") == 1, PATIENCE_S, "the reversal")
    house.wait_until_told()
    reached = house.offsets()
    assert house.worker.stop() == 0
    assert house.left("erin") == {"quota": 10_000 - 20 * 60}
    assert house.left("evan") == {"quota": 10_000 - 10 * 60}
    assert house.bad_checks() == []
    once = house.books()
    house.forget_offsets()
    house.worker.start()
    wait_until(lambda: house.offsets() >= reached, PATIENCE_S, "all is read again")
    house.wait_until_told()
    assert house.worker.stop() == 0
    assert house.books() == once
    told = [event.message for event in house.told()]
    assert sum(isinstance(each, HoldCaptured) for each in told) == 30
    assert sum(isinstance(each, CreditsReturned) for each in told) == 1
