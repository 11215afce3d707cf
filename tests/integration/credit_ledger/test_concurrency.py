"""Many workers at once on the same rows: never below zero, never deadlocked, one effect per id."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsBurned, UsageRefused
from shared.contracts.decode import Tombstone
from shared.contracts.holds import HoldPlaced, HoldRefused
from shared.messaging.failures import Weather
from tests.integration.credit_ledger.ledger import (
    NOON,
    Answers,
    Ledger,
    bad_checks,
    capture,
    correction,
    grant,
    hold,
    member,
    paid,
    recall,
    release,
    usage,
    verdict,
    workspace,
)
from tests.stack.database import Database

BURNERS = 16


def together(database: Database, work: Callable[[int, Ledger], Answers], workers: int = BURNERS) -> list[Answers]:
    """Each worker on its own connection, all let go at the same moment. A worker's failure fails the test."""
    start = threading.Barrier(workers)
    answers: list[Answers] = [Answers() for _ in range(workers)]
    failures: list[BaseException] = []

    def run(number: int) -> None:
        ledger = Ledger(database.worker_url("credit_ledger"))
        try:
            start.wait()
            answers[number] = work(number, ledger)
        except BaseException as failure:
            failures.append(failure)
        finally:
            ledger.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    return answers


@pytest.mark.rule("C13", "C10")
@pytest.mark.case(8)
def test_sixteen_burns_at_once_on_the_last_credits_never_spend_more_than_there_is(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(usage("before", 9_900))
    answers = together(database, lambda number, each: each.handle(usage(f"u{number}", 30)))
    assert sum(len(each.of(CreditsBurned)) for each in answers) == 3
    assert sum(len(each.of(UsageRefused)) for each in answers) == BURNERS - 3
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10)]
    assert bad_checks(database) == []


@pytest.mark.rule("C9", "C13")
@pytest.mark.case(8)
def test_sixteen_holds_at_once_on_the_last_credits_hold_no_more_than_there_is(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(usage("before", 9_900))
    answers = together(database, lambda number, each: each.handle(hold(f"h{number}", 30)))
    placed = [each.hold_id for answer in answers for each in answer.of(HoldPlaced)]
    refused = [each for answer in answers for each in answer.of(HoldRefused)]
    assert len(placed) == 3
    assert {each.short_by for each in refused} == {20}
    assert len(refused) == BURNERS - 3
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10)]
    assert bad_checks(database) == []


@pytest.mark.rule("C9", "C11")
@pytest.mark.case(4, 8)
def test_one_hold_captured_released_and_expired_by_sixteen_workers_at_once_ends_once(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(*(hold(f"h{number}", 100, expires_in_s=60) for number in range(10)))

    def end(number: int, each: Ledger) -> Answers:
        answers = Answers()
        for i in range(10):
            each.at = NOON + timedelta(seconds=30)
            if number % 4 == 0:
                each.at = NOON + timedelta(seconds=60)
                answers.effects.extend(each.expire(f"acme/h{i}").effects)
            elif number % 4 == 1:
                answers.effects.extend(each.handle(release(f"h{i}")).effects)
            else:
                answers.effects.extend(each.handle(capture(f"h{i}", 40)).effects)
        return answers

    together(database, end)
    assert ledger.rows("SELECT count(*) FROM holds WHERE state IN ('held', 'expired')") == [(0,)]
    [(captured,)] = ledger.rows("SELECT count(*) FROM holds WHERE state = 'captured'")
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10_000 - 40 * captured)]
    assert bad_checks(database) == []


@pytest.mark.rule("C11")
@pytest.mark.case(4, 7)
def test_one_usage_delivered_to_sixteen_workers_at_once_burns_once(ledger: Ledger, database: Database) -> None:
    def report(number: int, each: Ledger) -> Answers:
        # The same id for different users: no common account lock, so only the id's own row can tell them apart.
        users = ["erin", "evan"]
        wanted = [usage(f"u{i}", 30, user_id=users[(number + i) % 2]) for i in range(20)]
        while True:
            try:
                return each.handle(*wanted)
            except Weather:
                continue

    together(database, report)
    assert ledger.rows("SELECT count(*), sum(credits) FROM usages") == [(20, 600)]
    assert (
        sum(remaining for _, _, remaining in ledger.lots("acme", "erin") + ledger.lots("acme", "evan")) == 20_000 - 600
    )
    assert bad_checks(database) == []


@pytest.mark.rule("C11")
@pytest.mark.case(4)
def test_usages_are_written_in_one_order_so_that_two_workers_with_the_same_ones_cannot_deadlock(ledger: Ledger) -> None:
    ledger.handle(*(usage(f"u{i}", 3) for i in (3, 1, 2)), usage("u0", 3, user_id="evan"))
    assert ledger.rows("SELECT usage_id FROM usages ORDER BY ctid") == [("u0",), ("u1",), ("u2",), ("u3",)]


@pytest.mark.case(22)
def test_changes_of_many_workspaces_and_their_usage_in_any_order_do_not_deadlock(
    ledger: Ledger, database: Database
) -> None:
    names = [f"w{i}" for i in range(20)]
    ledger.handle(*(workspace(name) for name in names), *(member(workspace_id=name) for name in names))

    def mixed(number: int, each: Ledger) -> Answers:
        answers = Answers()
        turned = names[::-1] if number % 2 else names
        for i in range(5):
            version = 10 + 10 * i + number
            kinds: list[list[Any]] = [
                [usage(f"u{number}-{i}", 1, workspace_id=name) for name in turned],
                [workspace(name, version=version) for name in turned],
                [member(version=version, workspace_id=name) for name in turned],
                [Tombstone(f"{name}/evan") for name in turned],
            ]
            answers.effects.extend(each.handle(*kinds[(number // 2 + i) % 4]).effects)
        return answers

    together(database, mixed, workers=8)
    assert bad_checks(database) == []


@pytest.mark.rule("B8")
@pytest.mark.case(4)
def test_one_purchase_delivered_to_sixteen_workers_at_once_is_credited_once(database: Database) -> None:
    url = database.worker_url("credit_ledger")
    together(database, lambda _, each: each.handle(paid("p1", "erin", "evan", "adam")))
    ledger = Ledger(url)
    assert ledger.lots("acme", "erin") == ledger.lots("acme", "adam") == [("top_up", 3_000, 3_000)]
    ledger.close()
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "B12", "B15", "C13")
@pytest.mark.case(4, 8)
def test_a_line_refunded_used_and_granted_to_by_sixteen_workers_at_once_loses_nothing(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(usage("before", 10_000), paid("p1", "erin"))

    def mixed(number: int, each: Ledger) -> Answers:
        turn: list[list[Any]] = [
            [usage(f"u{number}", 40), hold(f"h{number}", 30), release(f"h{number}")],
            [recall("r1", "p1", "erin"), verdict("r1", "p1", "erin", verdict="take_back")],
            [recall("r2", "p1", "erin"), verdict("r2", "p1", "erin", verdict="give_back")],
            [grant(f"g{number % 8}", 10), correction("c1", "withdraw", 5)],
        ]
        answers = Answers()
        for messages in turn[number % 4 :] + turn[: number % 4]:
            while True:
                try:
                    answers.effects.extend(each.handle(*messages).effects)
                    break
                except Weather:
                    continue
        return answers

    together(database, mixed)
    [(taken, left, owed)] = ledger.rows(
        "SELECT max(taken), sum(remaining)::bigint, (SELECT debt FROM accounts WHERE user_id = 'erin') "
        "FROM lots WHERE kind = 'top_up'"
    )
    [(used,)] = ledger.rows("SELECT coalesce(sum(credits), 0)::bigint FROM usages WHERE outcome = 'burned'")
    [(withdrawn,)] = ledger.rows("SELECT count(*) * 5 FROM operator_deeds WHERE kind = 'withdraw' AND refusal IS NULL")
    assert left - owed == 3_000 + 8 * 10 - (used - 10_000) - withdrawn - taken
    assert bad_checks(database) == []


@pytest.mark.case(22)
def test_everything_at_once_on_the_same_accounts_neither_deadlocks_nor_leaves_a_stale_balance(
    ledger: Ledger, database: Database
) -> None:
    users = ["adam", "erin", "evan"]
    ledger.handle(paid("p0", *users))

    def mixed(number: int, each: Ledger) -> Answers:
        answers = Answers()
        for i in range(6):
            turn: list[Any] = [
                usage(f"u{number}-{i}-{user}", 3, user_id=user) for user in users[number % 3 :] + users[: number % 3]
            ]
            kind = (number + i) % 4
            if kind == 0:
                turn = [paid(f"p{number}-{i}", *reversed(users))]
            elif kind == 1:
                turn = [workspace(plan="pro" if i % 2 else "free", version=10 + number * 6 + i)]
            elif kind == 2:
                turn = [member("erin", "viewer" if i % 2 else "editor", 10 + number * 6 + i)]
            answers.effects.extend(each.handle(*turn).effects)
        return answers

    answers = together(database, mixed, workers=8)
    assert bad_checks(database) == []
    told = sorted((each for answer in answers for each in answer.of(BalanceChanged)), key=lambda each: each.version)
    latest = {each.user_id: each for each in told}  # as a consumer keeps them: the highest version
    [(plan,)] = ledger.rows("SELECT plan FROM workspaces")
    roles = dict(ledger.rows("SELECT user_id, role FROM members"))
    for user in users:
        [(left,)] = ledger.rows("SELECT sum(remaining - withheld)::bigint FROM lots WHERE user_id = %s", user)
        paused = plan == "free" or roles[user] == "viewer"
        assert latest[user].quota_remaining + latest[user].top_up_remaining == left
        assert latest[user].top_up_paused == paused
        assert latest[user].usable == (0 if paused else left)
