"""/v1/payment_intents (API reference, "PaymentIntents")."""

from dataclasses import replace

from deploy.stripe_sandbox import attempts
from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import matches, page
from deploy.stripe_sandbox.api.payment_methods import find_method
from deploy.stripe_sandbox.errors import invalid, refused
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.money import check_amount, check_currency
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.values import JsonObject, flag, nested, text, whole

# "This parameter can only be used with confirm=true" (stripe/params/_payment_intent_create_params.py, each of them).
ONLY_WITH_CONFIRM = ("off_session", "return_url", "error_on_requires_action")
ECHOED = (
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
)
RETURN_URL_NEEDED = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
    "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want "
    "to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)
METHOD_MISSING = (
    "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
    "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method "
    "or ConfirmationToken."
)


def create(call: Call) -> JsonObject:
    currency = check_currency(text(call.params, "currency") or "")
    amount = whole(call.params, "amount") or 0
    check_amount(amount, currency)
    confirming = flag(call.params, "confirm")
    for name in ONLY_WITH_CONFIRM:
        if name in call.params and not confirming:
            raise invalid(
                f"The parameter `{name}` cannot be passed when creating a PaymentIntent unless `confirm` is set to "
                "true.",
                param=name,
            )
    identifier = new_id("pi")
    intent = PaymentIntent(
        id=identifier,
        created=call.transaction.now,
        amount=amount,
        currency=currency,
        client_secret=new_id(f"{identifier}_secret", 25),
        status="requires_payment_method",
        automatic=automatic_methods(call),
        capture_method=text(call.params, "capture_method") or "automatic_async",
        allowed_types=allowed_types(call),
        customer=customer_of(call),
        metadata=call.metadata(),
    )
    intent = with_method(call, with_echoed(call, intent))
    call.transaction.emit("payment_intent.created", call.transaction.put(intent).wire())
    return attempt(call, intent) if confirming else intent.wire()


def automatic_methods(call: Call) -> JsonObject | None:
    """On by default since API version 2023-08-16; a list of allowed types excludes it (API changelog, 2026-07-29)."""
    given = nested(call.params, "automatic_payment_methods")
    allowed = "allowed_payment_method_types" in call.params
    if given and given.get("enabled") is True and allowed:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, allowed_payment_method_types.",
        )
    if allowed or (given and given.get("enabled") is not True):
        return None
    return {"allow_redirects": text(given, "allow_redirects") or "always", "enabled": True}


def allowed_types(call: Call) -> list[str] | None:
    """Only cards are modelled; a list without them can pay nothing here."""
    given = call.params.get("allowed_payment_method_types")
    if not isinstance(given, list):
        return None
    types = [str(kind) for kind in given]
    if "card" not in types:
        raise invalid(f"The sandbox models cards only, not: {', '.join(types)}", param="allowed_payment_method_types")
    return types


def customer_of(call: Call) -> str | None:
    identifier = text(call.params, "customer")
    return call.look_up(Customer, identifier, "customer").id if identifier is not None else None


def with_echoed(call: Call, intent: PaymentIntent) -> PaymentIntent:
    posted = {name: text(call.params, name) for name in ECHOED if name in call.params}
    intent = replace(intent, **posted)  # type: ignore[arg-type]  # ECHOED names texts
    if "payment_method_options" not in call.params:
        return intent
    options = nested(call.params, "payment_method_options")
    chosen = [f"[{kind}][{name}]" for kind in options for name in nested(options, kind)]
    for option in chosen:
        if option != "[card][request_three_d_secure]":
            param = f"payment_method_options{option}"
            raise invalid(f"The sandbox does not model this parameter of Stripe's: {param}", param=param)
    return replace(intent, method_options=options)


def with_method(call: Call, intent: PaymentIntent) -> PaymentIntent:
    """The posted method on the intent, if one was. Raises ApiError 400 when it is another customer's."""
    identifier = text(call.params, "payment_method")
    if identifier is None:
        return intent
    method = find_method(call, identifier, "payment_method")
    if method.detached:
        raise refused(
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be used "
            "again."
        )
    if method.customer is not None and intent.customer is None:
        raise refused(
            f"The `payment_method` parameter supplied {method.id} belongs to the Customer {method.customer}. Please "
            "include the Customer in the `customer` parameter on the PaymentIntent.",
        )
    if method.customer is not None and method.customer != intent.customer:
        raise refused(
            f"The `payment_method` parameter supplied {method.id} does not belong to the Customer you supplied "
            f"{intent.customer}. Please use this PaymentMethod with the Customer that it belongs to instead.",
        )
    return intent.with_method(method.id)


def attempt(call: Call, intent: PaymentIntent) -> JsonObject:
    if intent.payment_method is None:
        problem = intent.unexpected(METHOD_MISSING)
        problem.keeps_effects = True  # the intent that the error shows exists, even when this call made it
        raise problem
    off_session = call.params.get("off_session") not in (None, False)
    return_url = text(call.params, "return_url")
    if intent.redirects and return_url is None and not off_session:
        raise refused(RETURN_URL_NEEDED)
    method = call.look_up(PaymentMethod, intent.payment_method, "payment_method")
    manner = attempts.Manner(
        off_session=off_session,
        error_on_requires_action=flag(call.params, "error_on_requires_action"),
        return_url=None if flag(call.params, "use_stripe_sdk") else return_url,
        base_url=call.base_url,
    )
    return attempts.confirm(call.transaction, intent, method, manner).wire()


def confirm(call: Call) -> JsonObject:
    intent = call.subject(PaymentIntent, "intent")
    intent.check_confirmable()
    if "allowed_payment_method_types" in call.params:
        intent = replace(intent, automatic=None, allowed_types=allowed_types(call))
    intent = with_method(call, with_echoed(call, intent))
    if intent.status == "requires_action":
        # Confirmed again while a challenge is open: a new attempt, and the old page is void.
        intent = replace(intent, status="requires_confirmation", next_action=None, challenge="")
    return attempt(call, call.transaction.put(intent))


def retrieve(call: Call) -> JsonObject:
    return call.subject(PaymentIntent, "intent").wire()


def update(call: Call) -> JsonObject:
    """Everything but the money may change at any time; the money only before it moves."""
    before = call.subject(PaymentIntent, "intent")
    for name in ("amount", "currency", "customer", "payment_method"):
        if name in call.params:
            before.check_updatable(name)
    currency = check_currency(text(call.params, "currency") or before.currency)
    amount = whole(call.params, "amount")
    if amount is not None:
        check_amount(amount, currency)
    changed = replace(
        with_echoed(call, before),
        currency=currency,
        amount=before.amount if amount is None else amount,
        customer=customer_of(call) or before.customer,
        metadata=call.metadata(before.metadata),
    )
    return call.transaction.put(with_method(call, changed)).wire()


def cancel(call: Call) -> JsonObject:
    intent = call.subject(PaymentIntent, "intent")
    intent.check_cancelable()
    reason = text(call.params, "cancellation_reason")
    canceled = call.transaction.put(intent.canceled(call.transaction.now, reason))
    call.transaction.emit("payment_intent.canceled", canceled.wire())
    return canceled.wire()


def capture(call: Call) -> JsonObject:
    """ "Place a hold on a payment method": what is not captured is released."""
    intent = call.subject(PaymentIntent, "intent")
    intent.check_capturable()
    charge = call.look_up(Charge, intent.latest_charge or "", "charge")
    amount = whole(call.params, "amount_to_capture") or intent.amount_capturable
    if amount > intent.amount_capturable:
        raise refused("The capture amount is greater than the amount capturable.", code="amount_too_large")
    intent = replace(intent, metadata=call.metadata(intent.metadata))
    return attempts.succeed(call.transaction, intent, charge, None, amount).wire()


def list_all(call: Call) -> JsonObject:
    return page(call, PaymentIntent, lambda intent: matches(call, "customer", intent.customer), PaymentIntent.wire)
