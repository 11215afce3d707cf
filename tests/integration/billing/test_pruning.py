"""`prune` on billing's real tables, as the role that a scheduler runs it as."""

from __future__ import annotations

import uuid

import pytest

from services.billing.app import service
from services.billing.handlers.timers import CHARGE
from services.billing.settings import BillingSettings
from shared.messaging.worker import main
from tests.integration.billing.messages import buy
from tests.integration.billing.till import Till
from tests.stack.database import Database


@pytest.mark.rule("B10")
def test_old_comparisons_go_with_what_differed_in_them_and_none_that_is_under_way(
    till: Till, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with till.admin() as connection:
        for days, stage in ((91, "finished"), (89, "finished"), (400, "doubts")):
            run_id = str(uuid.uuid4())
            connection.execute(
                "INSERT INTO reconciliations (reconciliation_id, since, until, progress_at, stage, finished_at,"
                " cause_source, cause_id) SELECT %(id)s, at, at, at, %(stage)s,"
                " CASE WHEN %(stage)s = 'finished' THEN at END, 'timer', '1'"
                " FROM (SELECT now() - make_interval(days => %(days)s) AS at) AS begun",
                {"id": run_id, "stage": stage, "days": days},
            )
            connection.execute(
                "INSERT INTO reconciliation_doubts (reconciliation_id, about, processor_id, state)"
                " VALUES (%s, 'payment', 'pi_1', 'settled')",
                (run_id,),
            )
    monkeypatch.setenv("REFILL_BILLING_MIGRATOR_DATABASE_URL", database.migrator_url("billing"))
    assert main(service, BillingSettings, ["prune"]) == 0
    with till.transaction() as worker:
        count = "SELECT (SELECT count(*) FROM reconciliations), (SELECT count(*) FROM reconciliation_doubts)"
        assert worker.execute(count).fetchone() == (2, 2)


@pytest.mark.case(15)
def test_old_events_are_forgotten_but_none_that_a_person_or_a_payment_still_needs(
    till: Till, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paid, without_an_answer = buy(), buy()
    till.hand_in(paid)
    till.turn(CHARGE)
    till.hand_in(without_an_answer)
    about = {
        "old of a purchase": (paid.purchase_id, 31),
        "old of nothing of ours": (None, 31),
        "young": (paid.purchase_id, 29),
        "old of a purchase that is not here": (str(uuid.uuid4()), 400),
        "old and the way to an intent": (without_an_answer.purchase_id, 31),
    }
    with till.transaction() as worker:
        for event_id, (purchase_id, days) in about.items():
            worker.execute(
                "INSERT INTO stripe_events (event_id, type, payment_intent_id, purchase_id, created_at, received_at)"
                " VALUES (%s, 'payment_intent.succeeded', 'pi_1', %s, now(), now() - make_interval(days => %s))",
                (event_id, purchase_id, days),
            )
    monkeypatch.setenv("REFILL_BILLING_MIGRATOR_DATABASE_URL", database.migrator_url("billing"))

    assert main(service, BillingSettings, ["prune"]) == 0

    assert capsys.readouterr().out.endswith("forgot 2 rows of stripe_events\n")
    with till.transaction() as worker:
        left = {event_id for (event_id,) in worker.execute("SELECT event_id FROM stripe_events")}
    assert left == {"young", "old of a purchase that is not here", "old and the way to an intent"}
