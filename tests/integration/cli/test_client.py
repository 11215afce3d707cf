"""The client on a real broker: no answer is missed, none is taken for another's, silence ends."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from services.cli.client import Client
from services.cli.listening import Event, Listening, NoAnswer, kept_events, latest_events
from shared.contracts.catalog import LEDGER_BALANCE, PRODUCT_USAGE, TOP_UP, TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.documents.examples import EXAMPLES
from shared.contracts.envelope import CONTENT_TYPE_HEADERS
from shared.contracts.product import UsageReported
from shared.contracts.top_up_commands import QuoteTopUp
from shared.contracts.top_up_events import TopUpQuoted
from shared.contracts.workspace import MemberChanged
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings
from tests.integration.cli.conftest import Billing, Script, answering


def test_the_answer_to_another_command_is_passed_over(client: Client, billing: Callable[[Script], Billing]) -> None:
    held_back: list[Event] = []

    def answer_both_at_the_second(event: Event) -> list[Parcel]:
        held_back.append(event)
        if len(held_back) < 2:
            return []
        return [answering(each, TOP_UP, EXAMPLES[TopUpQuoted]) for each in held_back]

    billing(answer_both_at_the_second)
    first = client.send(TOP_UP_COMMANDS, EXAMPLES[QuoteTopUp])
    passed: list[Event] = []
    answer = client.ask(
        TOP_UP_COMMANDS,
        EXAMPLES[QuoteTopUp],
        answers_on=[TOP_UP],
        final=lambda _: True,
        timeout_s=10,
        passing=passed.append,
    )
    assert answer.envelope.correlation_id not in (None, first)
    assert passed == []


def test_an_event_published_right_after_listening_began_is_heard(client: Client) -> None:
    with client.listen([TOP_UP]) as listening:
        sent = client.send(TOP_UP, EXAMPLES[TopUpQuoted])
        heard = listening.until(lambda event: event.envelope.id == sent, 10)
    assert heard.message == EXAMPLES[TopUpQuoted]
    assert heard.envelope.correlation_id == sent


def test_what_was_published_before_is_not_heard(client: Client) -> None:
    client.send(TOP_UP, EXAMPLES[TopUpQuoted])
    with client.listen([TOP_UP]) as listening, pytest.raises(NoAnswer):
        listening.until(lambda _: True, 0.5)


def test_kept_events_are_all_there_oldest_first(client: Client, kafka: KafkaSettings) -> None:
    usages = [
        EXAMPLES[UsageReported].model_copy(update={"usage_id": f"u-{n}", "workspace_id": f"w-{n % 7}"})
        for n in range(2_500)
    ]
    assert client.send_many(PRODUCT_USAGE, usages) == 2_500
    events = kept_events(kafka, [PRODUCT_USAGE])
    assert {event.message.model_dump_json() for event in events} == {usage.model_dump_json() for usage in usages}
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert sum(client.ends(PRODUCT_USAGE).values()) == 2_500


def test_only_the_latest_of_each_key_counts_and_a_tombstone_takes_it_away(client: Client, kafka: KafkaSettings) -> None:
    member = EXAMPLES[MemberChanged]
    gone = member.model_copy(update={"user_id": "gone"})
    client.send_many(WORKSPACE_DIRECTORY, [member, gone, member.model_copy(update={"version": 2})])
    client.deliver([Parcel(WORKSPACE_DIRECTORY, gone.key().encode(), None)])
    latest = latest_events(kafka, WORKSPACE_DIRECTORY)
    assert {key: event.message.model_dump()["version"] for key, event in latest.items()} == {member.key(): 2}


def test_an_empty_topic_is_read_at_once(kafka: KafkaSettings) -> None:
    assert latest_events(kafka, LEDGER_BALANCE) == {}


def test_what_cannot_be_read_does_not_stop_a_reader(client: Client, kafka: KafkaSettings) -> None:
    balance = EXAMPLES[BalanceChanged]
    client.deliver([Parcel(LEDGER_BALANCE, balance.key().encode(), b"{", CONTENT_TYPE_HEADERS)])
    client.send(LEDGER_BALANCE, balance, event_id=str(uuid4()))
    assert latest_events(kafka, LEDGER_BALANCE)[balance.key()].message == balance


def test_an_answer_keeps_the_correlation_of_its_command(client: Client, kafka: KafkaSettings) -> None:
    with Listening(kafka, [TOP_UP_COMMANDS]) as commands, client.listen([TOP_UP]) as answers:
        sent = client.send(TOP_UP_COMMANDS, EXAMPLES[QuoteTopUp])
        command = commands.until(lambda event: event.envelope.id == sent, 10)
        client.deliver([answering(command, TOP_UP, EXAMPLES[TopUpQuoted])])
        assert answers.until(lambda event: event.envelope.correlation_id == sent, 10).topic == TOP_UP.name
