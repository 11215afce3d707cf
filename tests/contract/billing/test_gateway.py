"""The gateway and the official SDK against the sandbox: every call, every outcome that Stripe can cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.stripe_sandbox.control import SandboxControl
from deploy.stripe_sandbox.server import running
from services.billing.domain.outcome import Outcome
from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.processor import PaymentsUnknown, Processor
from services.billing.stripe_gateway import StripeGateway
from tests.unit.billing.builders import attempt, payment

KEY = "sk_test_0123456789abcdef0123456789abcdef"
CARDS = [
    ("pm_good", "pm_card_visa"),
    ("pm_other", "pm_card_mastercard"),
    ("pm_bad", "pm_card_chargeCustomerFail"),
    ("pm_3ds", "pm_card_authenticationRequired"),
    ("pm_slow", "pm_sandbox_processingThenSucceeds"),
]


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxControl]:
    with running(tmp_path / "journal.jsonl") as (_, url):
        control = SandboxControl(url)
        control.customer("cus_acme", cards=CARDS)
        control.customer("cus_other", cards=[("pm_foreign", "pm_card_visa")])
        yield control


@pytest.fixture
def gateway(sandbox: SandboxControl) -> StripeGateway:
    return StripeGateway(KEY, sandbox.base_url)


def new_payment(method: str = "pm_good") -> Payment:
    """A payment that nothing was sent for yet, of a purchase of its own."""
    tried = attempt(payment_method_id=method, idempotency_key=str(uuid4()), commanded_at=datetime.now(UTC))
    return replace(payment(PaymentState.CHARGING, of=tried), purchase_id=str(uuid4()))


def second(of: Payment, intent_id: str, method: str) -> Payment:
    """The next attempt on the same intent."""
    tried = attempt(number=2, payment_method_id=method, idempotency_key=str(uuid4()), commanded_at=datetime.now(UTC))
    return replace(of, attempt=tried, intent_id=intent_id)


def succeeded(sandbox: SandboxControl) -> int:
    return sum(1 for line in sandbox.journal() if line["effect"] == "charge_succeeded")


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


@pytest.mark.rule("B6")
def test_a_charge_says_what_is_bought_under_the_attempts_key(gateway: Processor, sandbox: SandboxControl) -> None:
    asked = new_payment()
    answer = gateway.create(asked)
    assert answer.outcome is Outcome.SUCCEEDED
    assert answer.intent is not None
    assert answer.intent.amount_received_minor == 3_000
    assert answer.intent.purchase_id == asked.purchase_id
    assert answer.request_id
    (line,) = sandbox.journal()
    assert line["idempotency_key"] == f"create-{asked.attempt.idempotency_key}"
    sent = sandbox.requests()[-1]["encoded"]
    assert "idempotency_key" not in str(sent)
    assert "off_session" not in str(sent)


@pytest.mark.case(2, 4)
def test_the_same_attempt_sent_again_is_one_charge(gateway: Processor, sandbox: SandboxControl) -> None:
    asked = new_payment()
    first, again = gateway.create(asked), gateway.create(asked)
    assert first.intent == again.intent
    assert succeeded(sandbox) == 1


@pytest.mark.rule("B9")
def test_a_decline_names_its_code_and_its_intent_and_another_method_pays_the_same_intent(
    gateway: Processor, sandbox: SandboxControl
) -> None:
    asked = new_payment("pm_bad")
    declined = gateway.create(asked)
    assert (declined.outcome, declined.decline_code) == (Outcome.DECLINED, "generic_decline")
    assert declined.intent is not None
    retry = second(asked, declined.intent.intent_id, "pm_other")
    assert gateway.check_method(retry) is None
    paid = gateway.confirm(retry)
    assert paid.outcome is Outcome.SUCCEEDED
    assert paid.intent is not None
    assert paid.intent.intent_id == declined.intent.intent_id
    assert succeeded(sandbox) == 1


@pytest.mark.rule("B9")
def test_a_method_that_is_gone_or_anothers_is_unusable(gateway: Processor) -> None:
    for method in ("pm_foreign", "pm_never_was"):
        answer = gateway.check_method(new_payment(method))
        assert answer is not None
        assert answer.outcome is Outcome.METHOD_UNUSABLE


@pytest.mark.rule("B9")
def test_authentication_leads_to_a_page_and_then_succeeds(gateway: Processor, sandbox: SandboxControl) -> None:
    asked = new_payment("pm_3ds")
    answer = gateway.create(asked)
    assert answer.outcome is Outcome.ACTION_REQUIRED
    assert answer.intent is not None
    assert answer.intent.redirect_url
    sandbox.complete_authentication(answer.intent.intent_id)
    waiting = replace(asked, state=PaymentState.REQUIRES_ACTION, intent_id=answer.intent.intent_id)
    assert gateway.retrieve(waiting, answer.intent.intent_id).outcome is Outcome.SUCCEEDED


@pytest.mark.rule("B9")
def test_a_failed_authentication_is_a_decline_of_its_own_kind(gateway: Processor, sandbox: SandboxControl) -> None:
    asked = new_payment("pm_3ds")
    answer = gateway.create(asked)
    assert answer.intent is not None
    sandbox.complete_authentication(answer.intent.intent_id, passed=False)
    waiting = replace(asked, state=PaymentState.REQUIRES_ACTION, intent_id=answer.intent.intent_id)
    assert gateway.retrieve(waiting, answer.intent.intent_id).outcome is Outcome.AUTHENTICATION_FAILED


@pytest.mark.case(13)
def test_a_replayed_answer_is_read_anew(gateway: Processor, sandbox: SandboxControl) -> None:
    """The key replays `requires_action` although the buyer has authenticated since: what is true now counts."""
    asked = new_payment("pm_3ds")
    answer = gateway.create(asked)
    assert answer.intent is not None
    sandbox.complete_authentication(answer.intent.intent_id)
    assert gateway.create(asked).outcome is Outcome.SUCCEEDED


@pytest.mark.case(2)
def test_a_replayed_decline_is_still_this_attempts_decline(gateway: Processor) -> None:
    asked = new_payment("pm_bad")
    declined = gateway.create(asked)
    assert declined.intent is not None
    retry = second(asked, declined.intent.intent_id, "pm_bad")
    for _ in range(2):
        assert gateway.confirm(retry).outcome is Outcome.DECLINED


def test_a_payment_that_the_bank_takes_its_time_for_is_processing(gateway: Processor) -> None:
    assert gateway.create(new_payment("pm_slow")).outcome is Outcome.PROCESSING


@pytest.mark.rule("B10")
@pytest.mark.case(2, 17)
@pytest.mark.parametrize(
    ("stage", "action"),
    [
        ("before", "error"),
        ("before", "reset"),
        ("after", "error"),
        ("after", "reset"),
        ("after", "cut"),
        ("after", "garbage"),
    ],
)
def test_a_lost_or_broken_answer_is_unknown_and_the_same_key_then_charges_once(
    gateway: Processor, sandbox: SandboxControl, stage: str, action: str
) -> None:
    sandbox.fault(stage=stage, action=action)  # type: ignore[arg-type]  # the words of the parametrization
    asked = new_payment()
    assert gateway.create(asked).outcome is Outcome.UNKNOWN
    assert gateway.create(asked).outcome is Outcome.SUCCEEDED
    assert succeeded(sandbox) == 1


@pytest.mark.case(17)
@pytest.mark.parametrize(("status", "outcome"), [(429, Outcome.TOO_MANY_REQUESTS), (409, Outcome.CONFLICT)])
def test_busy_is_told_apart_from_unknown(
    gateway: Processor, sandbox: SandboxControl, status: int, outcome: Outcome
) -> None:
    sandbox.fault(status=status)
    assert gateway.create(new_payment()).outcome is outcome


@pytest.mark.case(18)
def test_a_key_with_other_content_is_our_bug(gateway: Processor, sandbox: SandboxControl) -> None:
    asked = new_payment()
    gateway.create(asked)
    assert gateway.create(replace(asked, amount_minor=4_000)).outcome is Outcome.KEY_MISUSED
    assert succeeded(sandbox) == 1


def test_a_key_that_is_not_ours_is_unauthorized(sandbox: SandboxControl) -> None:
    sandbox.fault(status=401)
    assert StripeGateway(KEY, sandbox.base_url).create(new_payment()).outcome is Outcome.UNAUTHORIZED


@pytest.mark.rule("B10")
@pytest.mark.case(3)
def test_what_was_paid_is_found_among_the_customers_intents(gateway: Processor) -> None:
    for _ in range(3):
        gateway.create(new_payment())
    asked = new_payment()
    gateway.create(asked)
    found = gateway.find(asked, an_hour_ago())
    assert found.outcome is Outcome.SUCCEEDED
    assert found.intent is not None
    assert found.intent.purchase_id == asked.purchase_id


@pytest.mark.rule("B10")
@pytest.mark.case(3)
def test_what_was_never_made_is_not_found_and_a_failed_look_proves_nothing(
    gateway: Processor, sandbox: SandboxControl
) -> None:
    assert gateway.find(new_payment(), an_hour_ago()).outcome is Outcome.NOT_FOUND
    sandbox.fault(method="GET", status=500)
    assert gateway.find(new_payment(), an_hour_ago()).outcome is Outcome.UNKNOWN


def test_all_pages_are_looked_through(gateway: Processor, sandbox: SandboxControl) -> None:
    asked = new_payment()
    gateway.create(asked)
    sandbox.clock(advance_s=2)
    for _ in range(105):
        gateway.create(new_payment())
    assert gateway.find(asked, an_hour_ago()).outcome is Outcome.SUCCEEDED


@pytest.mark.case(12)
def test_payments_of_all_customers_are_listed_and_a_failed_list_is_not_an_empty_one(
    gateway: StripeGateway, sandbox: SandboxControl
) -> None:
    asked = new_payment()
    gateway.create(asked)
    (listed,) = gateway.payments_since(an_hour_ago())
    assert (listed.purchase_id, listed.payment_method_id) == (asked.purchase_id, "pm_good")
    assert gateway.payments_since(datetime.now(UTC) + timedelta(hours=1)) == []
    for action in ("error", "reset", "garbage"):
        sandbox.fault(method="GET", stage="after", action=action)
        with pytest.raises(PaymentsUnknown):
            gateway.payments_since(an_hour_ago())


@pytest.mark.rule("A4")
def test_cancelling_is_confirmed_or_tells_that_it_was_paid(gateway: Processor, sandbox: SandboxControl) -> None:
    declined = new_payment("pm_bad")
    answer = gateway.create(declined)
    assert answer.intent is not None
    ending = replace(declined, state=PaymentState.CANCELLING, intent_id=answer.intent.intent_id)
    assert gateway.cancel(ending).outcome is Outcome.CANCELLED
    assert gateway.cancel(ending).outcome is Outcome.CANCELLED
    paid = new_payment()
    answer = gateway.create(paid)
    assert answer.intent is not None
    late = replace(paid, state=PaymentState.CANCELLING, intent_id=answer.intent.intent_id)
    assert gateway.cancel(late).outcome is Outcome.SUCCEEDED


def test_confirming_what_is_paid_already_says_so_without_a_second_charge(
    gateway: Processor, sandbox: SandboxControl
) -> None:
    asked = new_payment()
    answer = gateway.create(asked)
    assert answer.intent is not None
    assert gateway.confirm(second(asked, answer.intent.intent_id, "pm_other")).outcome is Outcome.MOVED_ON
    assert succeeded(sandbox) == 1


@pytest.mark.case(17)
@pytest.mark.rule("B6")
def test_a_receipt_is_shown_of_what_was_paid_and_of_nothing_else(gateway: StripeGateway) -> None:
    paid, declined = gateway.create(new_payment()), gateway.create(new_payment("pm_bad"))
    assert paid.intent is not None
    assert declined.intent is not None
    assert (gateway.receipt_url(paid.intent.intent_id) or "").startswith("https://pay.stripe.com/receipts/")
    assert gateway.receipt_url(declined.intent.intent_id) is None


def test_nobody_listening_is_unknown() -> None:
    assert StripeGateway(KEY, "http://127.0.0.1:9").create(new_payment()).outcome is Outcome.UNKNOWN


@pytest.mark.case(23)
def test_no_answer_carries_a_client_secret(gateway: Processor) -> None:
    for method in ("pm_good", "pm_bad", "pm_3ds"):
        assert "secret" not in repr(gateway.create(new_payment(method)))
