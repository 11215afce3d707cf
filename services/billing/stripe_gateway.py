"""The payment processor: the only module that imports `stripe` (16.1, API version pinned by the SDK).

Every call gives an `Answer`, a row of the decision table; nothing that Stripe or the network may do raises. Errors and
bodies hold client secrets and card data: only codes and ids leave this module, nothing is logged here.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import stripe

from services.billing.domain.dispute import DisputesRead
from services.billing.domain.failed_call import outcome_of_failure
from services.billing.domain.intent import Intent
from services.billing.domain.mirrored import RefundsRead
from services.billing.domain.outcome import Answer, Outcome
from services.billing.domain.payment import Payment
from services.billing.domain.processor import Page, PaymentsUnknown
from services.billing.domain.reading import outcome_of
from services.billing.domain.reconciling import About, Theirs
from services.billing.domain.refund import Refund
from services.billing.domain.refunding import OF_FAILURE, RefundAnswer, RefundOutcome
from services.billing.stripe_dispute_shapes import dispute_from
from services.billing.stripe_list_shapes import LISTED
from services.billing.stripe_refund_shapes import listed_refund, names_refund, refund_shown
from services.billing.stripe_shapes import Json, error_in, failed_call, id_of, intent_from, receipt_of
from shared.messaging.failures import SettingsProblem

CONNECT_TIMEOUT_S = 3
# The SDK's own 80 s would outlast leases and patience; a charge that takes 20 s is looked up instead.
READ_TIMEOUT_S = 20
PAGE = 100  # the most that "List all PaymentIntents" gives at once
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class StripeGateway:
    """One client per process; its sessions are per thread."""

    def __init__(self, api_key: str, api_base: str) -> None:
        if os.environ.get("STRIPE_LOG"):
            # The SDK would then print requests and bodies, client secrets among them, to standard error.
            raise SettingsProblem("  STRIPE_LOG is set: it makes the SDK print client secrets; unset it")
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base},
            http_client=_http_client(api_base),
            max_network_retries=0,  # every retry is ours: counted, spaced, and only ever with the stored key
        )

    def create(self, payment: Payment) -> Answer:
        """POST /v1/payment_intents with confirm, on session but for B14 ("Create a PaymentIntent")."""
        assert payment.return_url is not None
        params: stripe.params.PaymentIntentCreateParams = {
            "amount": payment.amount_minor,
            "currency": payment.currency,
            "customer": payment.customer_id,
            "payment_method": payment.attempt.payment_method_id,
            "confirm": True,
            "return_url": payment.return_url,
            "description": payment.description,
            "metadata": {"purchase_id": payment.purchase_id, "workspace_id": payment.workspace_id},
        }
        if payment.attempt.off_session:
            params["off_session"] = True
        return self._change(payment, lambda: self._client.v1.payment_intents.create(params, _key(payment, "create")))

    def confirm(self, payment: Payment) -> Answer:
        """POST /v1/payment_intents/:id/confirm with the attempt's method ("Confirm a PaymentIntent")."""
        intent_id = payment.intent_id
        assert intent_id is not None
        assert payment.return_url is not None
        params: stripe.params.PaymentIntentConfirmParams = {
            "payment_method": payment.attempt.payment_method_id,
            "return_url": payment.return_url,
        }
        if payment.attempt.off_session:
            params["off_session"] = True
        return self._change(
            payment, lambda: self._client.v1.payment_intents.confirm(intent_id, params, _key(payment, "confirm"))
        )

    def retrieve(self, payment: Payment, intent_id: str) -> Answer:
        """GET /v1/payment_intents/:id."""
        return self._answer(payment, lambda: self._client.v1.payment_intents.retrieve(intent_id))

    def find(self, payment: Payment, since: datetime) -> Answer:
        """GET /v1/payment_intents of the customer, created since then: unlike search, the list is never behind."""
        try:
            listed = self._client.v1.payment_intents.list(
                {"customer": payment.customer_id, "created": {"gte": int(since.timestamp())}, "limit": PAGE}
            )
            shown = [intent_from(intent.to_dict()) for intent in listed.auto_paging_iter()]
        except stripe.StripeError as error:
            return _failed(error)
        found = [intent for intent in shown if intent.purchase_id == payment.purchase_id]
        if len(found) > 1:
            return Answer(Outcome.REJECTED, detail=f"{len(found)} intents carry this purchase's id")
        return Answer(outcome_of(found[0], payment), found[0]) if found else Answer(Outcome.NOT_FOUND)

    def payments_since(self, since: datetime) -> list[Intent]:
        """GET /v1/payment_intents of all customers, created since then. Raises `PaymentsUnknown`."""
        try:
            listed = self._client.v1.payment_intents.list({"created": {"gte": int(since.timestamp())}, "limit": PAGE})
            return [intent_from(intent.to_dict()) for intent in listed.auto_paging_iter()]
        except stripe.StripeError as error:
            raise PaymentsUnknown(_failed(error)) from None
        except (KeyError, TypeError):
            raise PaymentsUnknown(Answer(Outcome.UNKNOWN, detail="the body is no list of PaymentIntents")) from None

    def page(self, about: About, since: datetime, after: str | None) -> Page:
        """GET /v1/payment_intents, /v1/refunds or /v1/disputes of everybody, created since then, newest first: the page
        behind that id ("Pagination"). What is made meanwhile comes before it. Raises `PaymentsUnknown`."""
        params: stripe.params.PaymentIntentListParams = {"created": {"gte": int(since.timestamp())}, "limit": PAGE}
        if after is not None:
            params["starting_after"] = after
        try:
            listed = self._list(about, params)
            shown = [LISTED[about](each.to_dict()) for each in listed.data]
        except stripe.StripeError as error:
            raise PaymentsUnknown(_failed(error)) from None
        except (KeyError, TypeError, AttributeError):
            raise PaymentsUnknown(Answer(Outcome.UNKNOWN, detail=f"the body is no list of {about}s")) from None
        return Page(shown, shown[-1].processor_id if listed.has_more and shown else None)

    def look(self, about: About, processor_id: str) -> Theirs | None:
        """GET one of them as it is now; None when there is none of this id. Raises `PaymentsUnknown`."""
        try:
            return LISTED[about](self._look(about, processor_id).to_dict())
        except stripe.StripeError as error:
            if error.http_status == 404:
                return None
            raise PaymentsUnknown(_failed(error)) from None
        except (KeyError, TypeError, AttributeError):
            raise PaymentsUnknown(Answer(Outcome.UNKNOWN, detail=f"the body is no {about}")) from None

    def _list(
        self, about: About, params: stripe.params.PaymentIntentListParams
    ) -> stripe.ListObject[stripe.PaymentIntent] | stripe.ListObject[stripe.Refund] | stripe.ListObject[stripe.Dispute]:
        v1 = self._client.v1
        match about:  # the three take the same parameters of a list
            case About.PAYMENT:
                return v1.payment_intents.list(params)
            case About.REFUND:
                return v1.refunds.list(cast("stripe.params.RefundListParams", params))
            case About.DISPUTE:
                return v1.disputes.list(cast("stripe.params.DisputeListParams", params))

    def _look(self, about: About, processor_id: str) -> stripe.PaymentIntent | stripe.Refund | stripe.Dispute:
        v1 = self._client.v1
        match about:
            case About.PAYMENT:
                return v1.payment_intents.retrieve(processor_id)
            case About.REFUND:
                return v1.refunds.retrieve(processor_id)
            case About.DISPUTE:
                return v1.disputes.retrieve(processor_id)

    def cancel(self, payment: Payment) -> Answer:
        """POST /v1/payment_intents/:id/cancel; an answer that does not decide is read past ("Cancel a PaymentIntent").

        Cancelling twice does no harm, so each try has a key of its own: a saved error is not replayed for a day.
        """
        intent_id = payment.intent_id
        assert intent_id is not None
        key = _key(payment, f"cancel-{payment.tries}")
        answer, replayed = self._called(
            payment,
            lambda: self._client.v1.payment_intents.cancel(intent_id, {"cancellation_reason": "abandoned"}, key),
        )
        undecided = replayed or answer.outcome in (Outcome.MOVED_ON, Outcome.UNKNOWN)
        return self.retrieve(payment, intent_id) if undecided else answer

    def check_method(self, payment: Payment) -> Answer | None:
        """GET /v1/payment_methods/:id: saved, and on the payment's own customer (B9)."""
        try:
            method = self._client.v1.payment_methods.retrieve(payment.attempt.payment_method_id)
        except stripe.StripeError as error:
            return Answer(Outcome.METHOD_UNUSABLE, detail="gone") if error.http_status == 404 else _failed(error)
        if id_of(method.to_dict().get("customer")) == payment.customer_id:
            return None
        return Answer(Outcome.METHOD_UNUSABLE, detail="saved on another customer, or on none")

    def authentication_url(self, intent_id: str) -> str | None:
        """Where the buyer authenticates now, None when nothing is to be done.

        Raises `ProcessorAway` when Stripe does not tell.
        """
        try:
            shown = self._client.v1.payment_intents.retrieve(intent_id)
        except stripe.StripeError as error:
            raise ProcessorAway from error
        return intent_from(shown.to_dict()).redirect_url

    def receipt_url(self, intent_id: str) -> str | None:
        """Where the receipt of the intent's charge is ("The Charge object", `receipt_url`), None when there is none.

        Raises `ProcessorAway` when Stripe does not tell.
        """
        try:
            shown = self._client.v1.payment_intents.retrieve(intent_id, {"expand": ["latest_charge"]})
        except stripe.StripeError as error:
            raise ProcessorAway from error
        return receipt_of(shown.to_dict())

    def refund(self, refund: Refund) -> RefundAnswer:
        """POST /v1/refunds of the intent ("Create a refund"). A replayed answer is of then: the present is read."""
        params: stripe.params.RefundCreateParams = {
            "payment_intent": refund.payment_intent_id,
            "amount": refund.amount_minor,
            "metadata": {
                "refund_id": refund.refund_id,
                "purchase_id": refund.purchase_id,
                "workspace_id": refund.workspace_id,
            },
        }
        key: stripe.RequestOptions = {"idempotency_key": f"refund-{refund.idempotency_key}"}
        answer, replayed = self._refunded(refund, lambda: self._client.v1.refunds.create(params, key))
        if not replayed or answer.processor_refund_id is None:
            return answer
        return self.read_refund(refund, answer.processor_refund_id)

    def read_refund(self, refund: Refund, processor_refund_id: str) -> RefundAnswer:
        """GET /v1/refunds/:id."""
        return self._refunded(refund, lambda: self._client.v1.refunds.retrieve(processor_refund_id))[0]

    def find_refund(self, refund: Refund) -> RefundAnswer:
        """GET /v1/refunds of the intent: the list is never behind."""
        try:
            listed = self._client.v1.refunds.list({"payment_intent": refund.payment_intent_id, "limit": PAGE})
            shown = [each.to_dict() for each in listed.auto_paging_iter()]
        except stripe.StripeError as error:
            return _refund_failed(error)
        found = [each for each in shown if names_refund(each, refund.refund_id)]
        return refund_shown(found[0], refund) if found else RefundAnswer(RefundOutcome.NOT_FOUND)

    def refunds_of(self, payment_intent_id: str) -> RefundsRead:
        """GET /v1/refunds of the intent ("List all refunds"), oldest first."""
        try:
            listed = self._client.v1.refunds.list({"payment_intent": payment_intent_id, "limit": PAGE})
            shown = [listed_refund(each.to_dict()) for each in listed.auto_paging_iter()]
        except stripe.StripeError as error:
            answer = _failed(error)
            return RefundsRead(failure=answer.outcome, detail=answer.error_code or answer.detail or "")
        except (KeyError, TypeError, ValueError):
            return RefundsRead(failure=Outcome.UNKNOWN, detail="the body is no list of refunds")
        return RefundsRead(tuple(sorted(shown, key=lambda each: (each.made_at, each.processor_refund_id))))

    def disputes_of(self, payment_intent_id: str) -> DisputesRead:
        """GET /v1/disputes of the intent ("List all disputes"), oldest first."""
        try:
            listed = self._client.v1.disputes.list({"payment_intent": payment_intent_id, "limit": PAGE})
            shown = [dispute_from(each.to_dict()) for each in listed.auto_paging_iter()]
        except stripe.StripeError as error:
            answer = _failed(error)
            return DisputesRead(failure=answer.outcome, detail=answer.error_code or answer.detail or "")
        except (KeyError, TypeError, ValueError):
            return DisputesRead(failure=Outcome.UNKNOWN, detail="the body is no list of disputes")
        return DisputesRead(tuple(sorted(shown, key=lambda each: (each.opened_at, each.dispute_id))))

    def _refunded(self, refund: Refund, call: Callable[[], stripe.Refund]) -> tuple[RefundAnswer, bool]:
        try:
            made = call()
            answer = refund_shown(made.to_dict(), refund)
        except stripe.StripeError as error:
            return _refund_failed(error), _is_replay(error.headers)
        response = made.last_response
        return answer, _is_replay(response.headers if response else None)

    def _change(self, payment: Payment, call: Callable[[], stripe.PaymentIntent]) -> Answer:
        """A POST. A replayed answer is what was true when the key was first used: what is true now is read."""
        answer, replayed = self._called(payment, call)
        if not replayed or answer.intent is None:
            return answer
        present = self.retrieve(payment, answer.intent.intent_id)
        declined_then = answer.outcome in (Outcome.DECLINED, Outcome.AUTHENTICATION_REQUIRED)
        # Still without a method: then the decline that was replayed is this attempt's own, and says more.
        return answer if declined_then and present.outcome is Outcome.UNCONFIRMED else present

    def _answer(self, payment: Payment, call: Callable[[], stripe.PaymentIntent]) -> Answer:
        return self._called(payment, call)[0]

    def _called(self, payment: Payment, call: Callable[[], stripe.PaymentIntent]) -> tuple[Answer, bool]:
        try:
            shown = call()
            intent = intent_from(shown.to_dict())
        except stripe.StripeError as error:
            return _failed(error), _is_replay(error.headers)
        except (KeyError, TypeError):  # 200 with a body that is JSON and no PaymentIntent
            return Answer(Outcome.UNKNOWN, detail="the body is not a PaymentIntent"), False
        response = shown.last_response
        answer = Answer(
            outcome_of(intent, payment),
            intent,
            error_code=intent.error_code,
            decline_code=intent.decline_code,
            request_id=response.request_id if response else None,
        )
        return answer, _is_replay(response.headers if response else None)


class ProcessorAway(Exception):
    """Stripe did not answer, or not with what was asked for."""


class NotFromStripe(Exception):
    """The signature is missing, wrong or too old, or the body is no event of our key's mode."""


def verified_event(body: bytes, signature: str | None, secret: str, *, live: bool) -> Json:
    """A webhook's event, once its signature is ours and fresh ("Receive webhook events").

    The SDK refuses old timestamps only: what is replayed within five minutes passes, so ids must be remembered.
    Raises `NotFromStripe`.
    """
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE)
        event = json.loads(body)
    except stripe.SignatureVerificationError:
        raise NotFromStripe("the signature does not verify") from None
    except ValueError:  # not UTF-8, not JSON
        raise NotFromStripe("the body is not JSON") from None
    if not isinstance(event, dict) or event.get("object") != "event" or event.get("livemode") is not live:
        raise NotFromStripe("the body is no event of this key's mode")
    return event


def _key(payment: Payment, verb: str) -> stripe.RequestOptions:
    """In the options, never among the parameters: there it would be sent as a field, and a random key as the header."""
    return {"idempotency_key": f"{verb}-{payment.attempt.idempotency_key}"}


def _failed(error: stripe.StripeError) -> Answer:
    """By status and error fields only: a message may quote what was sent."""
    fields = error_in(error.json_body)
    failure = failed_call(error.http_status, fields)
    shown = fields.get("payment_intent")
    return Answer(
        outcome_of_failure(failure),
        _intent(shown),
        error_code=failure.code or failure.kind,
        decline_code=fields.get("decline_code"),
        detail=type(error).__name__,
        request_id=error.request_id,
    )


def _refund_failed(error: stripe.StripeError) -> RefundAnswer:
    answer = _failed(error)
    outcome = OF_FAILURE.get(answer.outcome, RefundOutcome.REJECTED)
    if outcome is RefundOutcome.REJECTED and answer.error_code == "charge_disputed":
        outcome = RefundOutcome.DISPUTED
    return RefundAnswer(outcome, detail=answer.error_code or answer.detail, request_id=answer.request_id)


def _intent(shown: Any) -> Intent | None:  # noqa: ANN401 - foreign JSON
    try:
        return intent_from(shown) if shown else None
    except (KeyError, TypeError, AttributeError):
        return None


def _is_replay(headers: Any) -> bool:  # noqa: ANN401 - the SDK promises no type
    """ "Idempotent requests": a saved result is marked by this header."""
    return any(name.lower() == "idempotent-replayed" and value == "true" for name, value in dict(headers or {}).items())


def _http_client(api_base: str) -> stripe.HTTPClient:
    if urlsplit(api_base).hostname not in LOOPBACK:
        return stripe.RequestsClient(timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
    import requests

    session = requests.Session()
    session.trust_env = False  # a stand-in on this machine is not behind the machine's proxy
    return stripe.RequestsClient(timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), session=session)


__all__ = ["ProcessorAway", "StripeGateway", "stripe"]
