"""The states of a PaymentIntent, without HTTP."""

from dataclasses import replace

import pytest

from deploy.stripe_sandbox.errors import ApiError
from deploy.stripe_sandbox.objects.payment_intent import CANCELABLE, CONFIRMABLE, PaymentIntent, Status

INTENT = PaymentIntent(
    id="pi_1", created=1, amount=1000, currency="usd", client_secret="pi_1_secret_2", status="requires_payment_method"
)
ALL: tuple[Status, ...] = (*CANCELABLE, "succeeded", "canceled")


@pytest.mark.parametrize("status", ALL)
def test_each_state_allows_what_stripe_allows(status: Status) -> None:
    intent = replace(INTENT, status=status)

    for check, allowed in ((intent.check_confirmable, CONFIRMABLE), (intent.check_cancelable, CANCELABLE)):
        if status in allowed:
            check()
        else:
            with pytest.raises(ApiError) as caught:
                check()
            assert caught.value.code == "payment_intent_unexpected_state"
            assert caught.value.details["payment_intent"] == intent.wire()


def test_success_closes_every_open_question() -> None:
    asking = INTENT.with_method("pm_1").asking("secret", {"type": "use_stripe_sdk"})

    paid = asking.succeeded("ch_1", 1000)

    assert (paid.status, paid.next_action, paid.challenge, paid.amount_received) == ("succeeded", None, "", 1000)


def test_failure_lets_the_method_go_and_keeps_the_last_charge() -> None:
    failed = INTENT.with_method("pm_1").failed("ch_1", {"code": "card_declined"})
    asked = failed.with_method("pm_2").failed(None, {"code": "payment_intent_authentication_failure"})

    assert (failed.payment_method, failed.latest_charge) == (None, "ch_1")
    assert asked.latest_charge == "ch_1"
