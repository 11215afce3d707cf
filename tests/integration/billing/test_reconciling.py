"""Our books against the sandbox's, both ways: behind is healed, wrong is told, and so is that nothing differs (B10)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from services.billing.domain.reconciliation import LOOK_AGAIN, PATIENCE
from services.billing.handlers.mirror import refund_id_of
from services.billing.handlers.reconciling import THE_PROCESSOR, schedule
from services.billing.handlers.timers import CHARGE, DISPUTES, MIRROR, RECONCILE, RECONCILIATION, REFUND, SETTLE
from services.billing.repository import BillingRepository
from shared.contracts.reasons import Reason
from shared.contracts.reconciliation import (
    FINDING_REMEDIES,
    FindingKind,
    ReconcilePayments,
    ReconciliationFinished,
    ReconciliationRefused,
)
from shared.contracts.refunds import DisputeClosed, PurchaseDisputed, RefundFailed
from shared.contracts.top_up_events import PurchasePaid
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Work
from tests.integration.billing.messages import buy
from tests.integration.billing.test_mirroring import decide, in_the_dashboard
from tests.integration.billing.test_refunds import by_operator, freeze, purchased
from tests.integration.billing.till import Till


def asked(**changes: object) -> ReconcilePayments:
    said = {"reconciliation_id": str(uuid4()), "operator_id": "opal"}
    return ReconcilePayments.model_validate({**said, **changes})


def play(till: Till) -> ReconciliationFinished:
    """Until what is under way is told; whatever it wakes runs meanwhile, as in a worker."""
    before = len(till.told(ReconciliationFinished))
    for _ in range(200):
        till.turn(RECONCILE)
        if len(till.told(ReconciliationFinished)) > before:
            return till.told(ReconciliationFinished)[-1]
        for kind in (CHARGE, SETTLE, REFUND, DISPUTES, MIRROR):
            till.turn(kind)
        till.later(LOOK_AGAIN + timedelta(seconds=1))
    raise AssertionError("it never ends")


def reconcile(till: Till, **changes: object) -> ReconciliationFinished:
    till.hand_in(asked(**changes))
    return play(till)


def paid(till: Till) -> str:
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    return command.purchase_id


def kinds(finished: ReconciliationFinished) -> list[FindingKind | None]:
    assert finished.findings_total == len(finished.findings)
    assert all(each.what_to_do == FINDING_REMEDIES[each.kind] for each in finished.findings if each.kind)
    return [each.kind for each in finished.findings]


@pytest.mark.rule("B10")
def test_where_nothing_differs_that_is_said_once(till: Till) -> None:
    refunded = purchased(till)
    refund = by_operator(refunded)
    till.hand_in(refund)
    till.hand_in(freeze(till, refund.refund_id))
    till.turn(REFUND)
    paid(till)
    command = asked()
    till.hand_in(command)
    finished = play(till)
    compared = finished.compared
    assert (compared.payments, compared.refunds, compared.disputes, compared.ours) == (2, 1, 0, 3)
    assert (finished.healed_total, finished.findings_total, finished.not_looked_at) == (0, 0, 0)
    assert not finished.needs_a_person
    assert (finished.asked_by, finished.operator_id) == ("operator", "opal")
    (again,) = till.hand_in(command)
    assert again.message == finished
    assert till.due(RECONCILE) == []


@pytest.mark.rule("B10")
@pytest.mark.case(16)
def test_a_payment_whose_webhook_was_lost_is_healed_by_its_own_errand_though_we_are_killed_on_the_way(
    till: Till,
) -> None:
    till.save_method("pm_3ds")
    purchase_id = paid(till)
    till.sandbox.complete_authentication(till.intent_of(purchase_id))
    assert till.state("payments", purchase_id) == "requires_action"
    till.hand_in(asked())
    till.call_and_die(RECONCILE)
    till.call_and_die(RECONCILE)
    finished = play(till)
    assert till.state("payments", purchase_id) == "succeeded"
    assert [each.purchase_id for each in finished.healed] == [purchase_id]
    assert (finished.healed_total, finished.findings_total) == (1, 0)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B10")
def test_a_charge_that_lost_its_timer_is_charged_once_and_healed(till: Till) -> None:
    """The process dies after the charge, and what would have gone on is stuck in a bug since mended."""
    command = buy()
    till.hand_in(command)
    till.call_and_die(CHARGE)
    with till.admin() as connection:
        connection.execute("UPDATE timers SET state = 'stuck', reason = 'a bug' WHERE kind = %s", (CHARGE,))
    finished = reconcile(till)
    assert (finished.healed_total, finished.findings_total) == (1, 0)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B10")
def test_ours_that_the_processor_does_not_know_and_amounts_that_differ_are_for_a_person(till: Till) -> None:
    gone, cheaper, fine = paid(till), paid(till), paid(till)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET payment_intent_id = 'pi_gone' WHERE purchase_id = %s", (gone,))
        connection.execute("UPDATE payments SET amount_minor = 7 WHERE purchase_id = %s", (cheaper,))
    finished = reconcile(till)
    told = {each.kind: each for each in finished.findings}
    assert set(told) == {
        FindingKind.PAYMENT_MISSING_THERE,
        FindingKind.SECOND_PAYMENT,  # the real one: our books name another
        FindingKind.PAYMENT_DIFFERS,
    }
    differs = told[FindingKind.PAYMENT_DIFFERS]
    assert (differs.ours_minor, differs.theirs_minor, differs.purchase_id) == (7, 3_000, cheaper)
    assert told[FindingKind.PAYMENT_MISSING_THERE].processor_id == "pi_gone"
    assert fine not in {each.purchase_id for each in finished.findings}
    assert finished.needs_a_person
    assert till.state("payments", cheaper) == "succeeded"


@pytest.mark.rule("B10")
@pytest.mark.case(24)
def test_money_for_a_purchase_that_is_not_here_is_kept_for_adoption_and_told(till: Till) -> None:
    purchase_id = paid(till)
    till.restore_to_before_everything()
    finished = reconcile(till)
    assert kinds(finished) == [FindingKind.PAYMENT_WITHOUT_PURCHASE]
    assert finished.findings[0].purchase_id == purchase_id
    with till.transaction() as connection:
        assert BillingRepository(connection).processor_payments.of(purchase_id) is not None


@pytest.mark.rule("B10", "B11")
def test_a_refund_that_failed_after_its_webhook_was_lost_is_healed(till: Till) -> None:
    refund = by_operator(purchased(till, "pm_refund_fails"))
    till.hand_in(refund)
    till.hand_in(freeze(till, refund.refund_id))
    till.turn(REFUND)
    assert till.state_of_refund(refund.refund_id) == "succeeded"
    with till.transaction() as connection:
        row = connection.execute("SELECT processor_refund_id FROM refunds").fetchone()
    assert row is not None
    till.sandbox.settle(row[0], succeeds=False)
    finished = reconcile(till)
    assert [each.refund_id for each in finished.healed] == [refund.refund_id]
    assert till.state_of_refund(refund.refund_id) == "failed"
    assert len(till.told(RefundFailed)) == 1


@pytest.mark.rule("B10", "B12")
@pytest.mark.case(16)
def test_a_dispute_whose_webhooks_were_lost_is_read_opened_and_closed(till: Till) -> None:
    purchase_id = purchased(till)
    dispute_id = str(till.sandbox.open_dispute(till.intent_of(purchase_id))["id"])
    finished = reconcile(till)
    assert [(each.about, each.processor_id) for each in finished.healed] == [("dispute", dispute_id)]
    assert [each.dispute_id for each in till.told(PurchaseDisputed)] == [dispute_id]
    till.sandbox.end_dispute(dispute_id, "lost")
    assert reconcile(till).healed_total == 1
    assert [each.outcome for each in till.told(DisputeClosed)] == ["lost"]
    finished = reconcile(till)
    assert (finished.compared.disputes, finished.healed_total, finished.findings_total) == (1, 0, 0)


@pytest.mark.rule("B10", "B11")
def test_a_refund_made_there_whose_webhooks_were_lost_is_mirrored_and_told_while_a_person_must_decide(
    till: Till,
) -> None:
    purchase_id = purchased(till)
    made = in_the_dashboard(till, purchase_id, 100)
    finished = reconcile(till)
    assert [(each.about, each.processor_id) for each in finished.healed] == [("refund", made)]
    assert [(each.kind, each.refund_id) for each in finished.findings] == [
        (FindingKind.REFUND_MADE_THERE, refund_id_of(made))
    ]
    till.hand_in(decide(purchase_id, made, verdict="give_back"))
    finished = reconcile(till)
    assert (finished.compared.refunds, finished.healed_total, finished.findings_total) == (1, 0, 0)


@pytest.mark.rule("B10", "B12")
def test_a_dispute_of_what_is_not_paid_here_is_for_a_person(till: Till) -> None:
    purchase_id = paid(till)
    till.sandbox.open_dispute(till.intent_of(purchase_id))
    with till.admin() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE payments SET state = 'cancelled'")
    finished = reconcile(till)
    assert sorted(map(str, kinds(finished))) == [
        FindingKind.DISPUTE_NOT_RECORDED,
        FindingKind.PAID_AND_CANCELLED_HERE,
    ]


@pytest.mark.rule("B10")
def test_what_does_not_settle_in_time_is_told_as_not_healed(till: Till) -> None:
    till.save_method("pm_3ds")
    purchase_id = paid(till)
    till.sandbox.complete_authentication(till.intent_of(purchase_id))
    till.hand_in(asked())
    till.turn(RECONCILE)
    till.later(PATIENCE)
    till.turn(RECONCILE)
    (finished,) = till.told(ReconciliationFinished)
    assert kinds(finished) == [FindingKind.NOT_HEALED]
    assert finished.findings[0].purchase_id == purchase_id


@pytest.mark.rule("B10")
def test_many_pages_are_read_one_at_a_turn_and_doubts_that_settle_meanwhile_are_dropped(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.billing.stripe_gateway.PAGE", 2)
    for _ in range(5):
        paid(till)
    doubted = buy()
    till.hand_in(doubted)
    till.turn(CHARGE)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET amount_minor = 7 WHERE purchase_id = %s", (doubted.purchase_id,))
    till.hand_in(asked())
    for _ in range(6):  # 3 pages of payments, 1 of refunds, 1 of disputes, then ours
        (ref,) = till.due(RECONCILE)
        till._errand(RECONCILE, ref)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET amount_minor = 3000 WHERE purchase_id = %s", (doubted.purchase_id,))
    finished = play(till)
    assert (finished.compared.payments, finished.findings_total) == (6, 0)
    asked_for = [each["path"] for each in till.sandbox.requests() if each["method"] == "GET"]
    assert asked_for.count("/v1/payment_intents") >= 3


@pytest.mark.rule("B10")
def test_what_is_too_much_to_be_looked_at_is_counted_and_is_for_a_person(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.billing.handlers.reconcile.LOOKS_AT_MOST", 2)
    for _ in range(3):
        paid(till)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET amount_minor = 7")
    finished = reconcile(till)
    assert (len(finished.findings), finished.findings_total, finished.not_looked_at) == (2, 2, 1)
    assert finished.needs_a_person


@pytest.mark.rule("B10")
@pytest.mark.case(17)
def test_while_the_processor_is_away_it_waits_at_its_place_and_a_wrong_key_is_no_finding(till: Till) -> None:
    paid(till)
    till.hand_in(asked())
    for status, problem in ((503, Weather), (429, Weather), (401, SettingsProblem)):
        till.sandbox.fault(method="GET", path="/v1/*", status=status)
        with pytest.raises(problem):
            till.turn(RECONCILE)
    finished = play(till)
    assert (finished.compared.payments, finished.needs_a_person) == (1, False)


@pytest.mark.rule("B10")
def test_one_comparison_of_operators_at_once_and_the_clocks_beside_it(till: Till) -> None:
    first, second = asked(), asked()
    till.hand_in(first, second)
    (refused,) = till.told(ReconciliationRefused)
    assert (refused.reconciliation_id, refused.reason) == (second.reconciliation_id, Reason.IN_PROGRESS)
    with till.transaction() as connection:
        work = Work(BillingRepository(connection), till.now(), PostgresTimers(connection))
        schedule(timedelta(days=1), work)
        schedule(timedelta(days=1), work)
    till.later(timedelta(days=1, minutes=1))
    till.turn(RECONCILIATION)
    assert till.due(RECONCILE) == [THE_PROCESSOR]
    assert till.due_in(RECONCILIATION, THE_PROCESSOR) is not None
    play(till)
    if len(till.told(ReconciliationFinished)) < 2:
        play(till)
    assert [each.asked_by for each in till.told(ReconciliationFinished)] == ["operator", "clock"]


@pytest.mark.rule("B10")
def test_a_window_that_is_no_window_and_an_id_used_for_another_are_refused(till: Till) -> None:
    now = till.now()
    command = asked()
    till.hand_in(
        asked(since=now + timedelta(hours=1)),
        asked(since=now - timedelta(days=91)),
        command,
        command.model_copy(update={"since": now - timedelta(days=5)}),
    )
    assert [each.reason for each in till.told(ReconciliationRefused)] == [
        Reason.SINCE_OUT_OF_BOUNDS,
        Reason.SINCE_OUT_OF_BOUNDS,
        Reason.RECONCILIATION_ID_REUSED,
    ]
