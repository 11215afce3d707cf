"""What each test card does (Stripe docs, "Testing": cards by brand, declined payments, 3D Secure, disputes, refunds).

A PaymentMethod made from a test token keeps the token as its script. Codes, decline codes, `param` and advice are those
that Stripe's test mode answers with ("Decline codes", "Error codes").
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Decline:
    """An issuer's or Radar's refusal of one charge; the `card_error` that the API answers with (402)."""

    code: str
    decline_code: str
    message: str
    param: str | None = None
    advice_code: str | None = None
    outcome: Literal["issuer_declined", "blocked"] = "issuer_declined"


Authentication = Literal["never", "until_set_up", "always", "on_session_only"]


@dataclass(frozen=True)
class CardScript:
    """authentication: whether 3D Secure is asked for; until_set_up and on_session_only differ off session.

    processing: the payment stays in `processing` until it is settled by the control API; None for cards of today.
    refund: pending ends in success, failing first succeeds and then fails ("Testing", Refunds).
    attachable: declining cards cannot be saved to a customer ("The cards in the previous table can't be attached").
    """

    token: str
    brand: str = "visa"
    last4: str = "4242"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    authentication: Authentication = "never"
    supports_3ds: bool = True
    processing: Literal["succeeds", "fails"] | None = None
    dispute: str | None = None
    refund: Literal["at_once", "pending", "failing"] = "at_once"
    attachable: bool = True


AGAIN, STOP, CHECK = "try_again_later", "do_not_try_again", "confirm_card_data"
DECLINED = "Your card was declined."
GENERIC = Decline("card_declined", "generic_decline", DECLINED, advice_code=AGAIN)
INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.", advice_code=AGAIN)
LOST = Decline("card_declined", "lost_card", DECLINED, advice_code=STOP)
STOLEN = Decline("card_declined", "stolen_card", DECLINED, advice_code=STOP)
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.", "exp_month", CHECK)
CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc", CHECK)
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
    advice_code=AGAIN,
)
VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    advice_code=AGAIN,
)
BLOCKED = Decline("card_declined", "fraudulent", DECLINED, outcome="blocked")
# Off session a card that wants its holder: "Decline codes", authentication_required.
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
# The answer to error_on_requires_action ("Save a card without authentication").
AUTHENTICATION_NOT_HANDLED = Decline(
    "authentication_required",
    "authentication_not_handled",
    "This payment required an authentication action to complete, but `error_on_requires_action` was set. When you're ready, you can upgrade your integration to handle actions at https://stripe.com/docs/payments/payment-intents/upgrade-to-handle-actions.",  # noqa: E501 (Stripe's own sentence)
)


def declining(token: str, last4: str, decline: Decline) -> CardScript:
    return CardScript(token, last4=last4, decline=decline, attachable=False)


SCRIPTS = (
    CardScript("pm_card_visa"),
    CardScript("pm_card_visa_debit", last4="5556", funding="debit"),
    CardScript("pm_card_mastercard", "mastercard", "4444"),
    CardScript("pm_card_mastercard_debit", "mastercard", "8210", "debit"),
    CardScript("pm_card_mastercard_prepaid", "mastercard", "5100", "prepaid"),
    CardScript("pm_card_amex", "amex", "8431", supports_3ds=False),
    CardScript("pm_card_discover", "discover", "1117"),
    CardScript("pm_card_diners", "diners", "0004"),
    CardScript("pm_card_jcb", "jcb", "0505"),
    CardScript("pm_card_unionpay", "unionpay", "0005"),
    CardScript("pm_card_bypassPending", last4="0077"),
    CardScript("pm_card_us"),
    CardScript("pm_card_gb", last4="0000", country="GB"),
    CardScript("pm_card_de", last4="0016", country="DE"),
    CardScript("pm_card_fr", last4="0003", country="FR"),
    declining("pm_card_visa_chargeDeclined", "0002", GENERIC),
    declining("pm_card_visa_chargeDeclinedInsufficientFunds", "9995", INSUFFICIENT),
    declining("pm_card_visa_chargeDeclinedLostCard", "9987", LOST),
    declining("pm_card_visa_chargeDeclinedStolenCard", "9979", STOLEN),
    declining("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "6975", VELOCITY),
    declining("pm_card_chargeDeclinedExpiredCard", "0069", EXPIRED),
    declining("pm_card_chargeDeclinedIncorrectCvc", "0127", CVC),
    declining("pm_card_chargeDeclinedProcessingError", "0119", PROCESSING),
    declining("pm_card_chargeDeclinedFraudulent", "0019", BLOCKED),
    declining("pm_card_radarBlock", "0019", BLOCKED),
    declining("pm_card_riskLevelHighest", "4954", BLOCKED),
    # "Decline after attaching": the one to save to a customer and have declined later.
    CardScript("pm_card_chargeCustomerFail", last4="0341", decline=GENERIC),
    CardScript("pm_card_authenticationRequired", last4="3184", authentication="always"),
    CardScript("pm_card_authenticationRequiredOnSetup", last4="3155", authentication="until_set_up"),
    CardScript("pm_card_authenticationRequiredSetupForOffSession", last4="0446", authentication="on_session_only"),
    CardScript(
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        last4="3178",
        authentication="always",
        decline=INSUFFICIENT,
    ),
    CardScript("pm_card_threeDSecure2Required", last4="3220", authentication="always"),
    CardScript("pm_card_threeDSecureRequired", last4="3063", authentication="always"),
    CardScript("pm_card_threeDSecureRequiredChargeDeclined", last4="1629", authentication="always", decline=GENERIC),
    CardScript("pm_card_threeDSecureOptional", last4="3055"),
    CardScript("pm_card_amex_threeDSecureNotSupported", "amex", "0005", supports_3ds=False),
    CardScript("pm_card_createDispute", last4="0259", dispute="fraudulent"),
    CardScript("pm_card_createDisputeProductNotReceived", last4="2685", dispute="product_not_received"),
    CardScript("pm_card_pendingRefund", last4="7726", refund="pending"),
    CardScript("pm_card_refundFail", last4="5126", refund="failing"),
    # Not Stripe's: cards settle at once in its test mode, but `processing` is a state of the API that billing must
    # survive ("How PaymentIntents work"), so the sandbox has cards of its own that stop there.
    CardScript("pm_sandbox_processingThenSucceeds", last4="0101", processing="succeeds"),
    CardScript("pm_sandbox_processingThenFails", last4="0102", processing="fails"),
    CardScript("pm_sandbox_authenticationThenProcessing", last4="0103", authentication="always", processing="succeeds"),
)
# Older editions of "Testing" wrote these without the brand; both are accepted.
UNBRANDED = ("", "InsufficientFunds", "LostCard", "StolenCard", "VelocityLimitExceeded")
BY_TOKEN = {script.token: script for script in SCRIPTS} | {
    f"pm_card_chargeDeclined{rest}": script
    for rest in UNBRANDED
    for script in SCRIPTS
    if script.token == f"pm_card_visa_chargeDeclined{rest}"
}


def is_test_token(identifier: str) -> bool:
    """A pm_card_ name (or the sandbox's own) of which each use makes a new PaymentMethod, or its tok_ twin."""
    return payment_method_token(identifier) in BY_TOKEN


def payment_method_token(identifier: str) -> str:
    """tok_visa and pm_card_visa are the same card ("Testing", tabs Tokens and PaymentMethods)."""
    return f"pm_card_{identifier.removeprefix('tok_')}" if identifier.startswith("tok_") else identifier


def script_of(token: str) -> CardScript:
    """Raises KeyError for a name that is not a test card."""
    return BY_TOKEN[payment_method_token(token)]
