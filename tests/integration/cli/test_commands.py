"""The commands on a real broker, somebody else playing billing: what they send, print, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.cli.client import Client
from services.cli.listening import Event, kept_events, latest_events
from services.cli.outcome import Exit
from shared.contracts.auto_top_up import AutoTopUpSet, AutoTopUpStopped, SetAutoTopUp, StopAutoTopUp
from shared.contracts.catalog import (
    LEDGER_ACCOUNT,
    LEDGER_BALANCE,
    LEDGER_PURCHASE,
    NOTIFICATION_DELIVERY,
    PRICE_CATALOG,
    PRODUCT_USAGE,
    TOP_UP,
    WORKSPACE_CONTACT,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.credit_ledger import BalanceChanged, CreditsBurned, CreditsGranted, PurchaseCredited
from shared.contracts.documents.example_names import PURCHASE_ID, REQUEST_ID
from shared.contracts.documents.examples import EXAMPLES, QUOTE
from shared.contracts.message import Message
from shared.contracts.notification import NoticeDelivered, NoticesMarked
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.spending import SetSpendingCaps, SpendingCapsSet
from shared.contracts.top_up_commands import CancelRequest, PurchaseTopUp, RequestTopUp, RetryPurchase
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchaseAccepted,
    PurchaseActionRequired,
    PurchaseDeclined,
    PurchaseStatus,
    TopUpQuoted,
    TopUpRequested,
)
from shared.contracts.topics import Topic
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings
from tests.integration.cli.conftest import Billing, Refill, Script, answering
from tests.unit.contracts.events import value

PROJECT = Path(__file__).parents[3]
Play = Callable[[Script], Billing]
ASK = ("request", "acme", "--actor", "edith", "--package", "credits-10k")


def with_answers(*answers: tuple[Topic, type[Message]], **changes: Any) -> Script:
    """Answer every command with these examples, changed where they have such a field."""

    def script(event: Event) -> list[Parcel]:
        parcels = []
        for topic, kind in answers:
            fields = {name: value for name, value in changes.items() if name in kind.model_fields}
            parcels.append(answering(event, topic, EXAMPLES[kind].model_copy(update=fields)))
        return parcels

    return script


def test_a_request_is_sent_and_its_answer_shown(refill: Refill, billing: Play) -> None:
    playing = billing(with_answers((TOP_UP, TopUpRequested)))
    ended = refill(*ASK, "--request-id", REQUEST_ID)
    assert (ended.code, ended.err) == (Exit.DONE, "")
    assert f"edith asked for 10,000 credits, request {REQUEST_ID}" in ended.out
    assert playing.commands == [
        RequestTopUp(workspace_id="acme", actor_id="edith", request_id=REQUEST_ID, package_id="credits-10k")
    ]


def test_a_refusal_says_why_and_what_to_do_and_exits_with_1(refill: Refill, billing: Play) -> None:
    billing(with_answers((TOP_UP, CommandRefused)))
    ended = refill(*ASK)
    assert ended.code == Exit.REFUSED
    assert "refused, can_buy_directly" in ended.out
    assert ended.out.count(REMEDIES[Reason.CAN_BUY_DIRECTLY]) == 1
    (document,) = refill(*ASK, "--json").documents
    assert (document["type"], document["data"]["reason"]) == (CommandRefused.type, "can_buy_directly")


def test_no_answer_in_time_exits_with_3_and_names_the_id_to_keep(refill: Refill) -> None:
    ended = refill(*ASK, "--request-id", REQUEST_ID, "--timeout", "0.5")
    assert ended.code == Exit.NO_ANSWER
    assert REQUEST_ID in ended.err
    (document,) = refill(*ASK, "--timeout", "0.5", "--json").documents
    assert document["error"]["exit_code"] == Exit.NO_ANSWER


@pytest.mark.parametrize(
    "words",
    [
        (*ASK, "--request-id", "7"),
        ("request", "acme"),
        ("buy", "acme", "--actor", "adam"),
        ("buy", "acme", "--actor", "adam", "--quote", "no-such-file"),
        ("tail", "--topic", "no.such.topic.v1"),
        ("tail", "--topic", "workspace.contact.v1"),
        ("import", "usage", str(PROJECT / "examples" / "usage-trace.csv")),
        ("import", "directory", "no-such-file"),
        ("quarantine", "workspace.directory.v1", "0", "7", "--reason", "x"),
        ("quarantine", "billing.top-up.commands.v1", "0", "7", "--reason", "x", "--service", "notification"),
        ("mark", "olga", "seen", REQUEST_ID),
        ("preference", "olga", "no-such-kind", "--email"),
        ("unsubscribe", "https://console.example.com/unsubscribe?user=olga"),
        ("no-such-command",),
    ],
    ids=" ".join,
)
def test_a_wrong_command_sends_nothing_and_exits_with_2(refill: Refill, words: tuple[str, ...]) -> None:
    ended = refill(*words)
    assert ended.code == Exit.USAGE
    assert ended.err


@pytest.mark.parametrize(
    ("variable", "wrong"), [("REFILL_KAFKA_BOOTSTRAP", "127.0.0.1:1"), ("REFILL_TOPIC_PREFIX", "elsewhere.")]
)
def test_a_kafka_that_is_not_there_exits_with_3_and_says_where(
    refill: Refill, monkeypatch: pytest.MonkeyPatch, variable: str, wrong: str
) -> None:
    monkeypatch.setenv(variable, wrong)
    ended = refill("balance", "acme")
    assert ended.code == Exit.NO_ANSWER
    assert wrong in ended.err
    assert "refill up" in ended.err


@pytest.mark.rule("A4")
def test_a_request_can_be_taken_back(refill: Refill, billing: Play) -> None:
    playing = billing(with_answers((TOP_UP, CommandRefused)))
    refill("cancel", "acme", REQUEST_ID, "--as", "edith")
    assert playing.commands == [CancelRequest(workspace_id="acme", actor_id="edith", request_id=REQUEST_ID)]


@pytest.mark.rule("B13", "B14")
def test_caps_and_auto_top_up_are_set_and_stopped(refill: Refill, billing: Play) -> None:
    answers: dict[type[Message], type[Message]] = {
        SetSpendingCaps: SpendingCapsSet,
        SetAutoTopUp: AutoTopUpSet,
        StopAutoTopUp: AutoTopUpStopped,
    }
    playing = billing(lambda event: with_answers((TOP_UP, answers[type(event.message)]))(event))
    capped = refill("caps", "acme", "--as", "olga", "--currency", "eur", "--workspace-day", "50000")
    assert (capped.code, "workspace 500.00 EUR, each buyer 200.00 EUR a day" in capped.out) == (Exit.DONE, True)
    wanted = ("--package", "credits-10k", "--below", "1000", "--monthly-cap", "20000", "--currency", "eur")
    assert refill("auto", "set", "acme/edith", "--as", "adam", *wanted).code == Exit.DONE
    assert refill("auto", "stop", "acme/edith", "--as", "adam").code == Exit.DONE
    assert refill("auto", "stop", "edith", "--as", "adam").code == Exit.USAGE
    caps = SetSpendingCaps(workspace_id="acme", actor_id="olga", currency="eur", workspace_day_minor=50_000)
    assert playing.commands == [caps, EXAMPLES[SetAutoTopUp], EXAMPLES[StopAutoTopUp]]


@pytest.mark.rule("B5")
def test_buying_reviews_a_quote_and_buys_exactly_that(refill: Refill, billing: Play) -> None:
    def script(event: Event) -> list[Parcel]:
        if not isinstance(event.message, PurchaseTopUp):
            return with_answers((TOP_UP, TopUpQuoted))(event)
        purchase = event.message.purchase_id
        answers = with_answers((TOP_UP, PurchaseAccepted), (LEDGER_PURCHASE, PurchaseCredited), purchase_id=purchase)
        return answers(event)

    playing = billing(script)
    words = (
        "buy",
        "acme",
        "--as",
        "adam",
        "--package",
        "credits-10k",
        "--editor",
        "edith",
        "--editor",
        "erik",
        "--yes",
    )
    ended = refill(*words, "--purchase-id", PURCHASE_ID, "--request", REQUEST_ID, "--json")
    assert ended.code == Exit.DONE, ended
    assert [document["type"] for document in ended.documents][-1] == PurchaseCredited.type
    assert playing.commands[-1] == PurchaseTopUp(
        workspace_id="acme", actor_id="adam", purchase_id=PURCHASE_ID, quote=QUOTE, request_id=REQUEST_ID
    )


def test_without_a_person_or_yes_nothing_is_bought(refill: Refill, billing: Play) -> None:
    playing = billing(with_answers((TOP_UP, TopUpQuoted)))
    ended = refill("buy", "acme", "--as", "adam", "--package", "credits-10k", "--editor", "edith")
    assert ended.code == Exit.USAGE
    assert "--yes" in ended.err
    assert not any(isinstance(command, PurchaseTopUp) for command in playing.commands)


def test_a_quote_that_was_reviewed_elsewhere_can_be_bought(refill: Refill, billing: Play, tmp_path: Path) -> None:
    playing = billing(with_answers((TOP_UP, TopUpQuoted)))
    quoted = refill("quote", "acme", "--as", "adam", "--package", "credits-10k", "--editor", "edith", "--json")
    path = tmp_path / "quote.json"
    path.write_text(quoted.out)
    refill("buy", "acme", "--as", "adam", "--quote", str(path), "--timeout", "0.5")
    bought = playing.commands[-1]
    assert isinstance(bought, PurchaseTopUp)
    assert bought.quote == QUOTE


@pytest.mark.rule("B9")
def test_a_link_is_shown_while_waiting_and_a_decline_exits_with_1(
    refill: Refill, billing: Play, tmp_path: Path
) -> None:
    path = tmp_path / "quote.json"
    path.write_text(QUOTE.model_dump_json())
    billing(with_answers((TOP_UP, PurchaseActionRequired), (TOP_UP, PurchaseDeclined)))
    ended = refill("buy", "acme", "--as", "adam", "--quote", str(path), "--purchase-id", PURCHASE_ID)
    assert ended.code == Exit.REFUSED
    assert f"open https://refill.example/pay/{PURCHASE_ID}" in ended.out
    assert REMEDIES[Reason.CARD_DECLINED] in ended.out


@pytest.mark.rule("B7", "B9")
def test_trying_again_takes_the_number_that_the_decline_named(refill: Refill, billing: Play, client: Client) -> None:
    client.send(TOP_UP, EXAMPLES[PurchaseDeclined].model_copy(update={"next_attempt": 3}))
    playing = billing(with_answers((TOP_UP, PurchaseStatus)))
    ended = refill("retry", "acme", PURCHASE_ID, "--as", "adam", "--method", "pm_2")
    assert ended.code == Exit.DONE
    assert playing.commands == [
        RetryPurchase(
            workspace_id="acme", actor_id="adam", purchase_id=PURCHASE_ID, payment_method_id="pm_2", attempt=3
        )
    ]


def test_a_balance_is_shown_lot_by_lot(refill: Refill, client: Client) -> None:
    client.send(LEDGER_BALANCE, EXAMPLES[BalanceChanged].model_copy(update={"workspace_id": "shown"}))
    ended = refill("balance", "shown")
    assert ended.code == Exit.DONE
    assert "shown/edith: 9,988 usable" in ended.out
    (document,) = refill("balance", "shown/edith", "--json").documents
    assert document["data"]["usable"] == 9_988
    assert refill("balance", "unknown").code == Exit.REFUSED


def test_an_account_is_explained_and_adds_up(refill: Refill, client: Client) -> None:
    at = {"workspace_id": "told"}
    client.send(LEDGER_PURCHASE, EXAMPLES[PurchaseCredited].model_copy(update=at))
    client.send(LEDGER_ACCOUNT, EXAMPLES[CreditsGranted].model_copy(update=at))
    client.send(LEDGER_ACCOUNT, EXAMPLES[CreditsBurned].model_copy(update=at))
    client.send(LEDGER_BALANCE, EXAMPLES[BalanceChanged].model_copy(update=at))
    ended = refill("explain", "told/edith")
    assert ended.code == Exit.DONE
    assert "Every credit is accounted for" in ended.out
    assert "1 earlier events" in refill("explain", "told/edith", "--last", "1").out
    (document,) = refill("explain", "told/edith", "--json").documents
    assert document["adds_up"] is True
    assert [lot["remaining"] for lot in document["lots"]] == [9_988]
    assert refill("explain", "told/nobody").code == Exit.REFUSED


def test_notices_are_shown_by_person(refill: Refill, client: Client) -> None:
    client.send(NOTIFICATION_DELIVERY, EXAMPLES[NoticeDelivered])
    (document,) = refill("notices", "--user", "olga", "--json").documents
    assert document["data"]["kind"] == "top_up_requested"
    assert "top_up_requested" in refill("notices", "--workspace", "acme").out
    assert refill("notices", "--user", "nobody", "--json").documents == []
    assert "unread" in refill("notices", "--user", "olga").out
    client.send(NOTIFICATION_DELIVERY, EXAMPLES[NoticesMarked])
    assert "unread" not in refill("notices", "--user", "olga").out


def test_the_tail_shows_what_is_kept_and_what_cannot_be_read(refill: Refill, client: Client) -> None:
    client.send(TOP_UP, EXAMPLES[TopUpRequested])
    client.deliver([Parcel(TOP_UP, b"tailed", b"{")])
    client.send(TOP_UP, EXAMPLES[TopUpRequested].model_copy(update={"workspace_id": "tailed"}))
    words = ("tail", "--topic", TOP_UP.name, "--workspace", "tailed", "--from-beginning", "--count", "2")
    unreadable, event = refill(*words, "--json").documents
    assert unreadable["unreadable"] == "not_json"
    assert event["type"] == TopUpRequested.type
    assert "not_json" in refill(*words).out


def test_a_catalog_is_published_and_the_one_in_force_shown(refill: Refill, kafka: KafkaSettings) -> None:
    assert refill("catalog", "show").code == Exit.REFUSED
    for name in ("catalog.json", "catalog-2.json"):
        assert refill("catalog", "publish", str(PROJECT / "examples" / name)).code == Exit.DONE
    assert set(latest_events(kafka, PRICE_CATALOG)) == {"1", "2"}
    assert "catalog 2" in refill("catalog", "show").out
    (document,) = refill("catalog", "show", "--version", "1", "--json").documents
    assert document["data"]["catalog_version"] == 1
    assert refill("catalog", "publish", "-", stdin=b'{"catalog_version": 0}').code == Exit.USAGE


@pytest.mark.rule("B4", "B5")
def test_a_bad_catalog_is_refused_with_every_fault_and_not_sent(refill: Refill, kafka: KafkaSettings) -> None:
    document = json.loads((PROJECT / "examples" / "catalog.json").read_text())
    assert refill("catalog", "check", "-", stdin=json.dumps(document).encode()).code == Exit.DONE
    document["data"]["catalog_version"] = 77
    document["data"]["packages"][0] |= {"currency": "xyz"}
    document["data"]["packages"][1] |= {"credits": 1}
    document["data"]["colour"] = "blue"
    for command in ("check", "publish"):
        ended = refill("catalog", command, "-", stdin=json.dumps(document).encode())
        assert ended.code == Exit.USAGE
        for place in ("3 faults", "packages.0: xyz", "packages.1.credits: ", "colour: "):
            assert place in ended.err
    assert "77" not in latest_events(kafka, PRICE_CATALOG)
    document = json.loads((PROJECT / "examples" / "catalog-2.json").read_text())
    assert refill("catalog", "publish", "-", stdin=json.dumps(document).encode()).code == Exit.DONE
    document["data"]["low_balance_percent"] = 1
    ended = refill("catalog", "check", "--published", "-", stdin=json.dumps(document).encode())
    assert (ended.code, "was published with other content" in ended.err) == (Exit.USAGE, True)


def test_files_are_imported_and_bad_lines_reported(refill: Refill, kafka: KafkaSettings) -> None:
    lines = [
        *(PROJECT / "examples" / "directory.jsonl").read_bytes().splitlines(),
        b"{broken",
        b'{"key": "acme/erin", "value": null}',
        *(PROJECT / "examples" / "contacts.jsonl").read_bytes().splitlines(),
    ]
    ended = refill("import", "directory", "-", stdin=b"\n".join(lines))
    assert ended.code == Exit.REFUSED
    assert f"line {lines.index(b'{broken') + 1}: not JSON" in ended.err
    assert f"{len(lines) - 1} sent, 1 bad lines left out" in ended.out
    assert "acme/emil" in latest_events(kafka, WORKSPACE_DIRECTORY)
    assert "acme/erin" not in latest_events(kafka, WORKSPACE_DIRECTORY)
    assert "erin" in latest_events(kafka, WORKSPACE_CONTACT)


@pytest.mark.rule("C11")
def test_a_trace_imported_twice_reports_the_same_usages(refill: Refill, kafka: KafkaSettings) -> None:
    words = ("import", "usage", str(PROJECT / "examples" / "usage-trace.csv"), "--workspace", "acme", "--user", "erin")
    first, second = (refill(*words, "--json") for _ in range(2))
    assert (first.code, first.documents) == (second.code, second.documents)
    events = [event for event in kept_events(kafka, [PRODUCT_USAGE]) if event.envelope.source == "/refill/import"]
    assert len(events) == 2 * first.documents[0]["sent"]
    assert len({(event.envelope.id, event.message.model_dump_json()) for event in events}) == len(events) / 2


def test_usage_events_are_imported_as_they_are(refill: Refill, kafka: KafkaSettings) -> None:
    lines = [value(id="imported", data__usage_id="imported"), json.dumps({"no": "event"}).encode()]
    ended = refill("import", "usage", "-", "--json", stdin=b"\n".join(lines))
    assert ended.code == Exit.REFUSED
    assert ended.documents[0]["line"] == 2
    assert ended.documents[1] == {"sent": 1, "bad": 1}
    assert any(event.envelope.id == "imported" for event in kept_events(kafka, [PRODUCT_USAGE]))
