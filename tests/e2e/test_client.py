"""The products' client against the running system: hold before work, capture after it, and whatever goes wrong."""

from __future__ import annotations

import asyncio
import re
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from shared.client import (
    AsyncCredits,
    Credits,
    CreditsError,
    HoldIsOver,
    InsufficientCredits,
    OutcomeUnknown,
    Refused,
)
from shared.contracts import catalog
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.flaws import Flaw
from shared.contracts.holds import HoldCaptured, HoldExpired, HoldRefused, HoldReleased
from shared.contracts.reasons import Reason
from tests.e2e.town import Household, Town, line, member

QUOTA = 10_000  # of an editor on Business, in the examples' catalog
SOURCE = "/products/studio"
README = Path(__file__).resolve().parents[2] / "shared" / "client" / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


class WorkFailed(Exception):
    """What a product's work may raise."""


@pytest.fixture(scope="module")
def credits(town: Town) -> Iterator[Credits]:
    with Credits(town.world.kafka("products"), SOURCE) as made:
        yield made


@pytest.fixture
def home(town: Town) -> Household:
    return town.household()


@pytest.fixture
def account(home: Household) -> str:
    return f"{home.name}/{home.person('editor')}"


def settled(town: Town, account: str, usable: int) -> BalanceChanged:
    """The balance that holds nothing any more, once that is published."""

    def wanted(balance: BalanceChanged) -> bool:
        return balance.key() == account and balance.held == 0 and balance.usable == usable

    return town.witness.wait(BalanceChanged, wanted, f"{account} has {usable}")


@pytest.mark.rule("C9")
def test_three_lines_hold_capture_and_give_back_the_rest(town: Town, credits: Credits, account: str) -> None:
    with credits.hold(account, 120) as hold:
        captured = hold.capture(97)
    assert (captured.credits, captured.returned) == (97, 23)
    settled(town, account, QUOTA - 97)


@pytest.mark.rule("C9")
def test_what_fails_inside_gives_the_credits_back(town: Town, credits: Credits, account: str) -> None:
    hold = credits.hold(account, 120)
    with pytest.raises(WorkFailed), hold:
        raise WorkFailed
    assert hold.released
    assert hold.released.returned == 120
    settled(town, account, QUOTA)


@pytest.mark.rule("C10", "C9")
def test_a_refusal_says_how_much_is_missing_and_nothing_is_done(credits: Credits, account: str) -> None:
    with pytest.raises(InsufficientCredits) as refused, credits.hold(account, QUOTA + 5):
        raise AssertionError("the work must not begin")
    assert (refused.value.short_by, refused.value.reason) == (5, Reason.INSUFFICIENT_CREDITS)
    assert refused.value.remedy


@pytest.mark.rule("C9")
def test_more_than_is_held_is_refused_and_the_hold_given_back(town: Town, credits: Credits, account: str) -> None:
    with pytest.raises(Refused) as refused, credits.hold(account, 120) as hold:
        hold.capture(121)
    assert refused.value.reason is Reason.CAPTURE_EXCEEDS_HOLD
    settled(town, account, QUOTA)


@pytest.mark.rule("C11", "C9")
def test_repeating_everything_under_one_id_burns_once(town: Town, credits: Credits, account: str) -> None:
    name = f"render-{uuid4()}"
    for _ in range(3):
        hold = credits.hold(account, 120, hold_id=name)
        hold.begin()
        assert hold.capture(97) == hold.capture(97)
    with pytest.raises(HoldIsOver):
        hold.release()
    settled(town, account, QUOTA - 97)


@pytest.mark.rule("C9")
def test_a_hold_that_nobody_captures_ends_by_itself_and_a_capture_after_it_is_refused(
    town: Town, credits: Credits, account: str
) -> None:
    with credits.hold(account, 120, expires_in_s=1) as hold:
        town.witness.wait(HoldExpired, lambda event: event.hold_id == hold.hold_id, "the hold has expired")
        with pytest.raises(HoldIsOver) as over:
            hold.capture(97)
    assert over.value.reason is Reason.HOLD_EXPIRED
    settled(town, account, QUOTA)


@pytest.mark.rule("C9")
def test_a_time_out_says_what_is_known_and_the_same_call_finds_the_answer(
    town: Town, credits: Credits, home: Household
) -> None:
    newcomer = f"{home.name}-newcomer"  # of whom the ledger has not heard yet: until then it does not answer
    hold = credits.hold(f"{home.name}/{newcomer}", 120, timeout_s=0.2)
    with pytest.raises(OutcomeUnknown, match=hold.hold_id):
        hold.begin()
    town.client.send(catalog.WORKSPACE_DIRECTORY, member(home, newcomer, "editor"))
    with credits.hold(f"{home.name}/{newcomer}", 120, hold_id=hold.hold_id) as again:
        assert again.capture(97).credits == 97


@pytest.mark.rule("C9", "C13")
def test_many_threads_each_get_their_own_answer(town: Town, credits: Credits, account: str) -> None:
    def work(number: int) -> int:
        with credits.hold(account, 100 + number) as hold:
            assert hold.placed
            assert hold.placed.credits == 100 + number
            return hold.capture(number + 1).returned

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [99] * 16
    settled(town, account, QUOTA - sum(range(1, 17)))


@pytest.mark.rule("C9")
def test_on_asyncio_it_is_the_same_and_a_cancelled_task_gives_back(town: Town, account: str) -> None:
    async def story() -> None:
        async with await AsyncCredits.connect(town.world.kafka("products"), SOURCE) as credits:
            async with credits.hold(account, 120) as hold:
                assert (await hold.capture(97)).returned == 23
            began = asyncio.Event()

            async def long_work() -> None:
                async with credits.hold(account, 500):
                    began.set()
                    await asyncio.Event().wait()

            task = asyncio.create_task(long_work())
            await began.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(InsufficientCredits):
                async with credits.hold(account, 99_999):
                    raise AssertionError("the work must not begin")

    asyncio.run(story())
    settled(town, account, QUOTA - 97)


@pytest.mark.rule("C12", "C11")
def test_usage_is_reported_read_in_the_balance_and_taken_back(town: Town, credits: Credits, account: str) -> None:
    name = credits.usage(account, 250)
    credits.usage(account, 1)
    settled(town, account, QUOTA - 251)
    credits.reverse(account, name)
    town.witness.until(
        lambda: (balance := credits.balance(account)) is not None and balance.usable == QUOTA - 1,
        "the product's own copy of the balance shows the reversal",
    )
    assert credits.balance("nobody/here") is None


def test_what_no_ledger_would_read_is_refused_before_it_is_sent(credits: Credits, account: str) -> None:
    for order in (credits.hold(account, 0), credits.hold(account), credits.hold("nobody", 5)):
        with pytest.raises(ValueError, match=r"credits|WORKSPACE/USER"):
            order.begin()
    assert not issubclass(ValueError, CreditsError)


@pytest.mark.rule("C9")
def test_bad_input_by_hand_a_hold_for_zero_is_set_aside_and_a_capture_without_hold_refused(
    town: Town, home: Household
) -> None:
    data = {"workspace_id": home.name, "hold_id": "h1", "user_id": home.person("editor"), "credits": 0}
    event = {"specversion": "1.0", "id": "1", "source": SOURCE, "type": "credit-ledger.hold-credits.v1", "data": data}
    place, offset = town.send_raw(catalog.HOLD_COMMANDS, line(event), partition=None)
    [letter] = town.dead_letters(place, offset, ["credit-ledger"])
    assert letter.reason == Flaw.INVALID_DATA
    data = {"workspace_id": home.name, "hold_id": "h2", "credits": 5}
    town.send_raw(
        catalog.HOLD_COMMANDS,
        line({**event, "id": "2", "type": "credit-ledger.capture-hold.v1", "data": data}),
        partition=None,
    )
    refused = town.witness.wait(
        HoldRefused,
        lambda answer: (answer.workspace_id, answer.hold_id) == (home.name, "h2"),
        "the capture is refused once its hold was waited for",
        timeout_s=90,
    )
    assert (refused.command, refused.reason) == ("capture", Reason.UNKNOWN_HOLD)


@pytest.mark.rule("C9")
def test_a_capture_that_came_first_waits_for_its_hold_and_holds_back_nothing_else(
    town: Town, home: Household, account: str
) -> None:
    def send(number: int, kind: str, **data: object) -> None:
        event: dict[str, object] = {"specversion": "1.0", "id": f"{home.name}-{number}", "source": SOURCE}
        event |= {"type": f"credit-ledger.{kind}.v1", "data": {"workspace_id": home.name, **data}}
        town.send_raw(catalog.HOLD_COMMANDS, line(event), key=home.name.encode(), partition=0)

    send(1, "capture-hold", hold_id="h1", credits=97)
    send(2, "hold-credits", hold_id="h2", user_id=home.person("editor"), credits=5)
    send(3, "release-hold", hold_id="h2")
    town.witness.wait(HoldReleased, lambda event: event.key() == home.name, "another hold came and went meanwhile")
    assert town.witness.seen(HoldCaptured, lambda event: event.key() == home.name) == []
    send(4, "hold-credits", hold_id="h1", user_id=home.person("editor"), credits=120)
    town.witness.wait(HoldCaptured, lambda event: event.key() == home.name, "the capture has found its hold")
    settled(town, account, QUOTA - 97)


@pytest.mark.rule("C9")
def test_the_readmes_examples_run(town: Town, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kafka = town.world.kafka("products")
    assert kafka.password
    assert kafka.sasl_mechanism
    for name, value in {
        "REFILL_KAFKA_BOOTSTRAP": ",".join(kafka.bootstrap),
        "REFILL_TOPIC_PREFIX": kafka.prefix,
        "REFILL_KAFKA_SECURITY_PROTOCOL": kafka.security_protocol,
        "REFILL_KAFKA_SASL_MECHANISM": kafka.sasl_mechanism,
        "REFILL_KAFKA_USERNAME": kafka.username or "",
        "REFILL_KAFKA_PASSWORD": kafka.password.get_secret_value(),
    }.items():
        monkeypatch.setenv(name, value)
    plain, awaited = EXAMPLES
    names = {"account": account, "draw": lambda: "a picture"}
    exec(plain, names)
    settled(town, account, QUOTA - 97)
    exec(f"async def example():\n{textwrap.indent(awaited, '    ')}", names)
    asyncio.run(names["example"]())  # type: ignore[operator]  # made by the example
    settled(town, account, QUOTA - 97 - 965)
