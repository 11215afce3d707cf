"""An account told from the books as it was at any moment: what support needs to answer a ticket."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from services.credit_ledger import explain
from services.credit_ledger.explain import Explanation
from shared.contracts.workspace import WorkspaceChanged
from shared.postgres.pool import Database as Pool
from tests.integration.credit_ledger.ledger import (
    NOON,
    Ledger,
    capture,
    correction,
    grant,
    hold,
    paid,
    recall,
    reversal,
    usage,
    verdict,
    workspace,
)
from tests.stack.database import Database

MINUTE = timedelta(minutes=1)


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A minute between each: used, bought, held, captured, downgraded and looked at, taken back."""
    for minute, message in enumerate(
        (
            usage("u1", 9_000),
            paid("p1", "erin"),
            hold("h1", 1_500),
            capture("h1", 200),
            workspace(plan="pro", version=2),
            reversal("u1"),
        )
    ):
        ledger.at = NOON + minute * MINUTE
        ledger.handle(message)
        if isinstance(message, WorkspaceChanged):
            ledger.renew("acme/erin")
    return ledger


def at(database: Database, minutes: float) -> Explanation:
    with Pool(database.auditor_url, "test-explain", "credit_ledger").connect() as connection:
        explanation = explain.explain(connection, "acme/erin", NOON + minutes * MINUTE)
    assert explanation is not None
    return explanation


def left(explanation: Explanation) -> list[tuple[str, int, int]]:
    return [(lot.kind, lot.left, lot.withheld) for lot in explanation.lots]


@pytest.mark.rule("C14", "C8")
def test_an_account_is_told_as_it_was_at_any_moment(told: Ledger, database: Database) -> None:
    assert left(at(database, -1)) == []
    assert left(at(database, 0)) == [("quota", 1_000, 0)]
    assert left(at(database, 1.5)) == [("quota", 1_000, 0), ("top_up", 3_000, 0)]
    assert left(at(database, 2)) == [("quota", 0, 0), ("top_up", 2_500, 0)]
    assert left(at(database, 3)) == [("quota", 800, 0), ("top_up", 3_000, 0)]
    assert left(at(database, 4)) == [("quota", 800, 800), ("top_up", 3_000, 0)]
    assert left(at(database, 5)) == [("quota", 9_800, 7_000), ("top_up", 3_000, 0)]
    now = {lot_id: remaining for lot_id, remaining in told.rows("SELECT lot_id, remaining FROM lots")}  # noqa: C416
    assert {lot.lot_id: lot.left for lot in at(database, 5).lots} == now


@pytest.mark.rule("C14")
def test_every_movement_has_its_cause(told: Ledger, database: Database) -> None:
    movements = [(each.contra, each.credits, each.cause, each.who, each.id) for each in at(database, 5).movements]
    bought = told.rows("SELECT purchase_id::text FROM purchases")[0][0]
    assert sorted(movements, key=str) == sorted(
        [
            ("quota_issued", 10_000, "period begun", None, None),
            ("burned", -9_000, "usage", "erin", "u1"),
            ("top_up_issued", 3_000, "purchase", "adam", bought),
            ("held", -1_000, "hold", "erin", "h1"),
            ("held", -500, "hold", "erin", "h1"),
            ("held", 1_000, "hold captured", "erin", "h1"),
            ("held", 500, "hold captured", "erin", "h1"),
            ("burned", -200, "hold captured", "erin", "h1"),
            ("burned", 9_000, "usage taken back", "erin", "u1"),
        ],
        key=str,
    )


@pytest.mark.rule("C14")
def test_it_is_printed_for_people_and_for_machines(
    told: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFILL_AUDITOR_DATABASE_URL", database.auditor_url)
    assert explain.main(["acme/erin", "--at", (NOON + 4 * MINUTE).isoformat()]) == 0
    text = capsys.readouterr().out
    assert "usage u1 of /products/studio by erin" in text
    assert "800 left of 10,000, 800 of it withheld" in text
    assert explain.main(["acme/erin", "--at", "2026-03-10T13:02:00+01:00", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [lot["left"] for lot in document["lots"]] == [0, 2_500]
    assert document["movements"][0]["decided_at"] == NOON.isoformat()


@pytest.mark.rule("C14", "B11", "B15")
def test_freezes_takings_debt_and_deeds_are_told_with_who_and_by_which_message(
    told: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for minute, message in enumerate(
        (
            *(usage("u2", 4_000), recall("r1", "p1", "erin"), verdict("r1", "p1", "erin", verdict="take_back")),
            *(grant("g1", 300), correction("c1", "forgive_debt", 100)),
        ),
        start=6,
    ):
        told.at = NOON + minute * MINUTE
        told.handle(message)
    assert [at(database, minute).debt for minute in (7, 8, 9, 10)] == [0, 1_200, 900, 800]
    assert left(at(database, 10)) == [("quota", 7_000, 7_000), ("top_up", 0, 0), ("top_up", 0, 0)]
    assert [(freeze.cause, freeze.until) for freeze in at(database, 7.5).freezes] == [("refund", None)]
    assert [freeze.until for freeze in at(database, 8).freezes] == [NOON + 8 * MINUTE]
    monkeypatch.setenv("REFILL_AUDITOR_DATABASE_URL", database.auditor_url)
    assert explain.main(["acme/erin", "--at", (NOON + 10 * MINUTE).isoformat()]) == 0
    text = capsys.readouterr().out
    assert "taken back event-" in text
    assert "operator: grant, an outage event-" in text
    assert "by olga" in text
    assert "owes 800" in text


@pytest.mark.parametrize("words", [["acme/erin", "--at", "yesterday"], ["acme/erin", "--at", "1969-12-31T23:59:59Z"]])
def test_a_moment_that_is_none_is_a_wrong_command(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        explain.main(words)
    assert ended.value.code == 2


def test_an_account_that_does_not_exist_is_said(
    told: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REFILL_AUDITOR_DATABASE_URL", database.auditor_url)
    assert explain.main(["acme"]) == 1
    assert "acme/~pool" in capsys.readouterr().err
