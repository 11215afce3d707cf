"""One attempt to pay a PaymentIntent: what the card decides and what follows from it.

"How PaymentIntents work" gives the states, "Handle declines" and "Charge saved payment methods off session" the errors,
"Testing" the cards.
"""

from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

from deploy.stripe_sandbox.cards import (
    AUTHENTICATION_NOT_HANDLED,
    AUTHENTICATION_REQUIRED,
    Authentication,
    CardScript,
    Decline,
)
from deploy.stripe_sandbox.disputing import open_dispute
from deploy.stripe_sandbox.errors import ApiError, documentation_of
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.journal import Effect, Kind
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.store import Transaction
from deploy.stripe_sandbox.values import JsonObject, nested

Step = Literal["charge", "ask", "refuse"]
# Card's demand, and whether the holder is away and the card was set up: what the issuer does ("Testing", 3D Secure).
ON_SESSION: dict[Authentication, Step] = {
    "never": "charge",
    "until_set_up": "ask",
    "always": "ask",
    "on_session_only": "ask",
}
OFF_SESSION: dict[tuple[Authentication, bool], Step] = {
    ("never", False): "charge",
    ("never", True): "charge",
    ("until_set_up", False): "refuse",
    ("until_set_up", True): "charge",
    ("always", False): "refuse",
    ("always", True): "refuse",
    ("on_session_only", False): "charge",
    ("on_session_only", True): "charge",
}
AUTHENTICATION_FAILED = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod "
    "to attempt to fulfill this PaymentIntent again."
)
BANK_REFUSED = Decline("payment_intent_payment_attempt_failed", "generic_decline", "The payment attempt failed.")


@dataclass(frozen=True)
class Manner:
    """How a confirmation is made. base_url: where this sandbox is reached, for the 3D Secure page."""

    off_session: bool
    error_on_requires_action: bool
    return_url: str | None
    base_url: str


def next_step(card: CardScript, set_up: bool, manner: Manner, three_d_secure: str) -> Step:
    """three_d_secure: `payment_method_options[card][request_three_d_secure]`."""
    if manner.off_session:
        return OFF_SESSION[card.authentication, set_up]
    if three_d_secure in ("any", "challenge") and card.supports_3ds:
        return "ask"
    return ON_SESSION[card.authentication]


def confirm(transaction: Transaction, intent: PaymentIntent, method: PaymentMethod, manner: Manner) -> PaymentIntent:
    """The intent after one attempt with its method. Raises ApiError 402 (effects kept) when the card refuses."""
    wish = nested(intent.method_options, "card").get("request_three_d_secure")
    step = next_step(method.card, method.set_up, manner, str(wish))
    if step == "refuse":
        raise refusal(decline(transaction, intent, method, AUTHENTICATION_REQUIRED))
    if step == "ask" and manner.error_on_requires_action:
        raise refusal(decline(transaction, intent, method, AUTHENTICATION_NOT_HANDLED))
    if step == "ask":
        return ask(transaction, intent, manner)
    intent = pay(transaction, intent, method, authenticated=False)
    if intent.last_payment_error is not None:
        raise refusal(intent)
    return intent


def ask(transaction: Transaction, intent: PaymentIntent, manner: Manner) -> PaymentIntent:
    """`requires_action`: a redirect when there is somewhere to come back to, else work for Stripe.js."""
    challenge = new_id("challenge").partition("_")[2]
    url = f"{manner.base_url}/3ds/{intent.id}/{challenge}"
    if manner.return_url:
        back: JsonObject = {"return_url": manner.return_url, "url": url}
        action: JsonObject = {"redirect_to_url": back, "type": "redirect_to_url"}
    else:
        script: JsonObject = {"source": f"src_{challenge}", "stripe_js": url, "type": "three_d_secure_redirect"}
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": script}
    asking = transaction.put(replace(intent.asking(challenge, action), return_url=manner.return_url))
    transaction.emit("payment_intent.requires_action", asking.wire())
    return asking


def pay(
    transaction: Transaction, intent: PaymentIntent, method: PaymentMethod, *, authenticated: bool
) -> PaymentIntent:
    """Charges the card. A decline leaves `last_payment_error` on the intent returned."""
    card = method.card
    if card.decline is not None:
        return decline(transaction, intent, method, card.decline)
    charge = new_charge(transaction, intent, method, authenticated)
    if card.processing is not None:
        return pending(transaction, intent, charge)
    if intent.capture_method == "manual":
        return authorize(transaction, intent, charge, method)
    return succeed(transaction, intent, charge, method, intent.amount)


def new_charge(transaction: Transaction, intent: PaymentIntent, method: PaymentMethod, authenticated: bool) -> Charge:
    return Charge(
        id=new_id("ch"),
        created=transaction.now,
        amount=intent.amount,
        currency=intent.currency,
        status="pending",
        payment_intent=intent.id,
        payment_method=method.id,
        script=method.card.token,
        customer=intent.customer,
        description=intent.description,
        receipt_email=intent.receipt_email,
        authenticated=authenticated,
        metadata=intent.metadata,
    )


def succeed(
    transaction: Transaction, intent: PaymentIntent, charge: Charge, method: PaymentMethod | None, amount: int
) -> PaymentIntent:
    """amount: what is taken, in minor units."""
    charge = transaction.put(charge.settled(amount))
    done = transaction.put(intent.succeeded(charge.id, amount))
    note(transaction, "charge_succeeded", charge, amount)
    transaction.emit("charge.succeeded", charge.wire())
    transaction.emit("payment_intent.succeeded", done.wire())
    if method is not None:
        save_for_later(transaction, done, method)
    if charge.card.dispute is not None:
        open_dispute(transaction, charge, charge.card.dispute)
    return done


def authorize(transaction: Transaction, intent: PaymentIntent, charge: Charge, method: PaymentMethod) -> PaymentIntent:
    """`requires_capture` ("Place a hold on a payment method")."""
    charge = transaction.put(charge.settled(0))
    done = transaction.put(intent.authorized(charge.id))
    note(transaction, "charge_authorized", charge, charge.amount)
    transaction.emit("charge.succeeded", charge.wire())
    transaction.emit("payment_intent.amount_capturable_updated", done.wire())
    save_for_later(transaction, done, method)
    return done


def pending(transaction: Transaction, intent: PaymentIntent, charge: Charge) -> PaymentIntent:
    charge = transaction.put(charge)
    waiting = transaction.put(intent.processing(charge.id))
    note(transaction, "charge_pending", charge, charge.amount)
    transaction.emit("charge.pending", charge.wire())
    transaction.emit("payment_intent.processing", waiting.wire())
    return waiting


def settle(transaction: Transaction, intent: PaymentIntent, *, succeeds: bool) -> PaymentIntent:
    """The end of `processing`."""
    charge = transaction.find(Charge, intent.latest_charge or "")
    method = transaction.find(PaymentMethod, charge.payment_method) if charge is not None else None
    assert charge is not None, "a processing PaymentIntent has a charge"
    assert method is not None, "a charge has a payment method"
    if succeeds:
        return succeed(transaction, intent, charge, method, intent.amount)
    return decline(transaction, intent, method, BANK_REFUSED, charge)


def decline(
    transaction: Transaction,
    intent: PaymentIntent,
    method: PaymentMethod,
    why: Decline,
    charge: Charge | None = None,
) -> PaymentIntent:
    charge = transaction.put((charge or new_charge(transaction, intent, method, False)).declined(why))
    error: JsonObject = {
        "charge": charge.id,
        "code": why.code,
        "decline_code": why.decline_code,
        "doc_url": documentation_of(why.code),
        "message": why.message,
        "payment_method": method.wire(),
        "type": "card_error",
    }
    error |= {name: value for name, value in (("advice_code", why.advice_code), ("param", why.param)) if value}
    failed = transaction.put(intent.failed(charge.id, error))
    note(transaction, "charge_declined", charge, charge.amount)
    transaction.emit("charge.failed", charge.wire())
    transaction.emit("payment_intent.payment_failed", failed.wire())
    return failed


def refusal(intent: PaymentIntent) -> ApiError:
    """The 402 for a declined intent, with the PaymentIntent in it ("Error handling", payment errors)."""
    error = intent.last_payment_error or {}
    names = ("advice_code", "charge", "decline_code", "payment_method")
    details: JsonObject = {name: error[name] for name in names if name in error}
    return ApiError(
        402,
        "card_error",
        str(error["message"]),
        code=str(error["code"]),
        param=str(error["param"]) if "param" in error else None,
        keeps_effects=True,
        details=details | {"payment_intent": intent.wire()},
    )


def authenticate(transaction: Transaction, intent: PaymentIntent, *, passed: bool) -> PaymentIntent:
    """The buyer completed or failed the open challenge of a `requires_action` intent."""
    method = transaction.find(PaymentMethod, intent.payment_method or "")
    assert method is not None, "an intent that requires an action has a payment method"
    if passed:
        return pay(transaction, intent, method, authenticated=True)
    code = "payment_intent_authentication_failure"
    error: JsonObject = {
        "code": code,
        "doc_url": documentation_of(code),
        "message": AUTHENTICATION_FAILED,
        "payment_method": method.wire(),
        "type": "invalid_request_error",
    }
    failed = transaction.put(intent.failed(None, error))
    transaction.emit("payment_intent.payment_failed", failed.wire())
    return failed


def save_for_later(transaction: Transaction, intent: PaymentIntent, method: PaymentMethod) -> None:
    """`setup_future_usage` attaches the method to the customer ("Save a card during a payment").

    One that stays without a customer is spent by its payment ("Reuse a payment method": attach it first).
    """
    if intent.setup_future_usage is None or intent.customer is None:
        if method.customer is None:
            transaction.put(replace(method, detached=True))
        return
    saved = replace(method, set_up=method.set_up or intent.setup_future_usage == "off_session")
    if saved.customer is None:
        saved = replace(saved, customer=intent.customer)
        transaction.emit("payment_method.attached", saved.wire())
    transaction.put(saved)


def note(transaction: Transaction, kind: Kind, charge: Charge, amount_minor: int) -> None:
    transaction.record(
        Effect(
            effect=kind,
            amount_minor=amount_minor,
            currency=charge.currency,
            payment_intent=charge.payment_intent,
            charge=charge.id,
            customer=charge.customer,
            payment_method=charge.payment_method,
            code=charge.failure_code,
            decline_code=charge.decline_code,
            metadata=charge.metadata,
        )
    )


def return_address(intent: PaymentIntent) -> str | None:
    """Where the 3D Secure page sends the buyer, with the parameters Stripe adds ("3D Secure", redirect)."""
    if intent.return_url is None:
        return None
    status = "failed" if intent.status == "requires_payment_method" else "succeeded"
    joiner = "&" if "?" in intent.return_url else "?"
    query = f"payment_intent={intent.id}&payment_intent_client_secret={quote(intent.client_secret)}"
    return f"{intent.return_url}{joiner}{query}&redirect_status={status}"
