"""The sandbox's whole surface: each endpoint, Stripe's description of its parameters, and those it acts on."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stripe.params._charge_list_params import ChargeListParams
from stripe.params._charge_retrieve_params import ChargeRetrieveParams
from stripe.params._customer_create_params import CustomerCreateParams
from stripe.params._customer_list_params import CustomerListParams
from stripe.params._customer_payment_method_list_params import CustomerPaymentMethodListParams
from stripe.params._customer_retrieve_params import CustomerRetrieveParams
from stripe.params._customer_update_params import CustomerUpdateParams
from stripe.params._dispute_close_params import DisputeCloseParams
from stripe.params._dispute_list_params import DisputeListParams
from stripe.params._dispute_retrieve_params import DisputeRetrieveParams
from stripe.params._event_list_params import EventListParams
from stripe.params._event_retrieve_params import EventRetrieveParams
from stripe.params._payment_intent_cancel_params import PaymentIntentCancelParams
from stripe.params._payment_intent_capture_params import PaymentIntentCaptureParams
from stripe.params._payment_intent_confirm_params import PaymentIntentConfirmParams
from stripe.params._payment_intent_create_params import PaymentIntentCreateParams
from stripe.params._payment_intent_list_params import PaymentIntentListParams
from stripe.params._payment_intent_retrieve_params import PaymentIntentRetrieveParams
from stripe.params._payment_intent_search_params import PaymentIntentSearchParams
from stripe.params._payment_intent_update_params import PaymentIntentUpdateParams
from stripe.params._payment_method_attach_params import PaymentMethodAttachParams
from stripe.params._payment_method_create_params import PaymentMethodCreateParams
from stripe.params._payment_method_detach_params import PaymentMethodDetachParams
from stripe.params._payment_method_list_params import PaymentMethodListParams
from stripe.params._payment_method_retrieve_params import PaymentMethodRetrieveParams
from stripe.params._refund_create_params import RefundCreateParams
from stripe.params._refund_list_params import RefundListParams
from stripe.params._refund_retrieve_params import RefundRetrieveParams
from stripe.params._refund_update_params import RefundUpdateParams

from deploy.stripe_sandbox.api import (
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payment_methods,
    refunds,
    search,
)
from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.values import JsonObject

Handler = Callable[[Call], JsonObject]
PAGED = "ending_before expand limit starting_after"
ATTEMPT = "error_on_requires_action off_session payment_method payment_method_options receipt_email return_url"
INTENT = (
    "allowed_payment_method_types amount automatic_payment_methods capture_method confirm currency customer"
    " description expand metadata setup_future_usage statement_descriptor statement_descriptor_suffix"
    " transfer_group use_stripe_sdk"
)
PROFILE = "description email expand invoice_settings metadata name phone"


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    operation: type
    modelled: frozenset[str]
    handler: Handler


def route(method: str, template: str, operation: type, modelled: str, handler: Handler) -> Route:
    """modelled: the parameters acted on, by name; others of Stripe's are refused rather than ignored."""
    pattern = re.compile(re.sub(r"\{\w+\}", r"([^/]+)", template))
    return Route(method, pattern, operation, frozenset(modelled.split()), handler)


INTENTS, CUSTOMERS, METHODS = "/v1/payment_intents", "/v1/customers", "/v1/payment_methods"
ROUTES = (
    route("POST", INTENTS, PaymentIntentCreateParams, f"{INTENT} {ATTEMPT}", payment_intents.create),
    route("GET", INTENTS, PaymentIntentListParams, f"created customer {PAGED}", payment_intents.list_all),
    route("GET", f"{INTENTS}/search", PaymentIntentSearchParams, "expand limit page query", search.search),
    route(
        "GET", f"{INTENTS}/{{intent}}", PaymentIntentRetrieveParams, "client_secret expand", payment_intents.retrieve
    ),
    route(
        "POST",
        f"{INTENTS}/{{intent}}",
        PaymentIntentUpdateParams,
        "amount currency customer description expand metadata payment_method payment_method_options receipt_email"
        " setup_future_usage statement_descriptor statement_descriptor_suffix transfer_group",
        payment_intents.update,
    ),
    route(
        "POST",
        f"{INTENTS}/{{intent}}/confirm",
        PaymentIntentConfirmParams,
        f"{ATTEMPT} allowed_payment_method_types expand setup_future_usage use_stripe_sdk",
        payment_intents.confirm,
    ),
    route(
        "POST",
        f"{INTENTS}/{{intent}}/cancel",
        PaymentIntentCancelParams,
        "cancellation_reason expand",
        payment_intents.cancel,
    ),
    route(
        "POST",
        f"{INTENTS}/{{intent}}/capture",
        PaymentIntentCaptureParams,
        "amount_to_capture expand metadata",
        payment_intents.capture,
    ),
    route("POST", CUSTOMERS, CustomerCreateParams, f"{PROFILE} payment_method", customers.create),
    route("GET", CUSTOMERS, CustomerListParams, f"created email {PAGED}", customers.list_all),
    route("GET", f"{CUSTOMERS}/{{customer}}", CustomerRetrieveParams, "expand", customers.retrieve),
    route("POST", f"{CUSTOMERS}/{{customer}}", CustomerUpdateParams, PROFILE, customers.update),
    route(
        "GET",
        f"{CUSTOMERS}/{{customer}}/payment_methods",
        CustomerPaymentMethodListParams,
        f"type {PAGED}",
        payment_methods.list_of_customer,
    ),
    route(
        "POST", METHODS, PaymentMethodCreateParams, "billing_details card expand metadata type", payment_methods.create
    ),
    route("GET", METHODS, PaymentMethodListParams, f"customer type {PAGED}", payment_methods.list_all),
    route("GET", f"{METHODS}/{{method}}", PaymentMethodRetrieveParams, "expand", payment_methods.retrieve),
    route("POST", f"{METHODS}/{{method}}/attach", PaymentMethodAttachParams, "customer expand", payment_methods.attach),
    route("POST", f"{METHODS}/{{method}}/detach", PaymentMethodDetachParams, "expand", payment_methods.detach),
    route("GET", "/v1/charges", ChargeListParams, f"created customer payment_intent {PAGED}", charges.list_all),
    route("GET", "/v1/charges/{charge}", ChargeRetrieveParams, "expand", charges.retrieve),
    route(
        "POST", "/v1/refunds", RefundCreateParams, "amount charge expand metadata payment_intent reason", refunds.create
    ),
    route("GET", "/v1/refunds", RefundListParams, f"charge created payment_intent {PAGED}", refunds.list_all),
    route("GET", "/v1/refunds/{refund}", RefundRetrieveParams, "expand", refunds.retrieve),
    route("POST", "/v1/refunds/{refund}", RefundUpdateParams, "expand metadata", refunds.update),
    route("GET", "/v1/disputes", DisputeListParams, f"charge created payment_intent {PAGED}", disputes.list_all),
    route("GET", "/v1/disputes/{dispute}", DisputeRetrieveParams, "expand", disputes.retrieve),
    route("POST", "/v1/disputes/{dispute}/close", DisputeCloseParams, "expand", disputes.close),
    route("GET", "/v1/events", EventListParams, f"created delivery_success type types {PAGED}", events.list_all),
    route("GET", "/v1/events/{event}", EventRetrieveParams, "expand", events.retrieve),
)


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]] | None:
    """The endpoint and the identifiers in its address."""
    for candidate in ROUTES:
        matched = candidate.pattern.fullmatch(path) if candidate.method == method else None
        if matched is not None:
            return candidate, matched.groups()
    return None
