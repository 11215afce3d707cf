"""/v1/payment_methods (API reference, "PaymentMethods")."""

from dataclasses import replace

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import matches, page
from deploy.stripe_sandbox.cards import GENERIC, is_test_token, payment_method_token, script_of
from deploy.stripe_sandbox.errors import ApiError, invalid, refused
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.values import JsonObject, nested, text

RAW_CARD = (
    "Sending credit card numbers directly to the Stripe API is generally unsafe. To continue processing use Stripe.js, "
    "the Stripe mobile bindings, or Stripe Elements. For more information, see "
    "https://dashboard.stripe.com/account/integration/settings. If you are qualified to handle card data directly, see "
    "https://support.stripe.com/questions/enabling-access-to-raw-card-data-apis."
)


def find_method(call: Call, identifier: str, param: str, *, in_path: bool = False) -> PaymentMethod:
    """A PaymentMethod; a new one for a test token, each time it is used ("Testing": test PaymentMethods)."""
    if call.transaction.find(PaymentMethod, identifier) is None and is_test_token(identifier):
        return new_method(call, payment_method_token(identifier))
    return call.look_up(PaymentMethod, identifier, param, in_path=in_path)


def new_method(call: Call, token: str, **fields: str | None) -> PaymentMethod:
    method = PaymentMethod(
        id=new_id("pm"),
        created=call.transaction.now,
        script=script_of(token).token,
        name=fields.get("name"),
        email=fields.get("email"),
        metadata=call.metadata() if fields else {},
    )
    return call.transaction.put(method)


def create(call: Call) -> JsonObject:
    """`type=card` with `card[token]`; real numbers are refused, as Stripe refuses them to most accounts."""
    kind = text(call.params, "type")
    if kind is None:
        raise invalid("Missing required param: type.", code="parameter_missing", param="type")
    card = nested(call.params, "card")
    if kind != "card" or not card:
        raise invalid("Missing required param: card.", code="parameter_missing", param="card")
    token = text(card, "token")
    if token is None:
        raise ApiError(402, "invalid_request_error", RAW_CARD)
    if not is_test_token(token):
        raise invalid(f"No such token: '{token}'", code="resource_missing", param="card[token]")
    details = nested(call.params, "billing_details")
    return new_method(call, token, name=text(details, "name"), email=text(details, "email")).wire()


def retrieve(call: Call) -> JsonObject:
    return find_method(call, call.named[0], "payment_method", in_path=True).wire()


def attach(call: Call) -> JsonObject:
    """Declining test cards are declined here already ("Testing": they "can't be attached to a Customer object")."""
    method = find_method(call, call.named[0], "payment_method", in_path=True)
    customer_id = text(call.params, "customer")
    if customer_id is None:
        raise invalid("Missing required param: customer.", code="parameter_missing", param="customer")
    customer = call.look_up(Customer, customer_id, "customer")
    return attach_to(call, method, customer).wire()


def attach_to(call: Call, method: PaymentMethod, customer: Customer) -> PaymentMethod:
    if method.detached:
        raise refused(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a "
            "Customer, and may not be used again."
        )
    if method.customer is not None:
        raise refused("The payment method you provided has already been attached to a customer.")
    if not method.card.attachable:
        why = method.card.decline or GENERIC
        details: JsonObject = {"decline_code": why.decline_code}
        raise ApiError(402, "card_error", why.message, code=why.code, param=why.param, details=details)
    attached = call.transaction.put(replace(method, customer=customer.id))
    call.transaction.emit("payment_method.attached", attached.wire())
    return attached


def detach(call: Call) -> JsonObject:
    method = call.subject(PaymentMethod)
    if method.customer is None:
        raise refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    detached = call.transaction.put(replace(method, customer=None, detached=True))
    before: JsonObject = {"customer": method.customer}
    call.transaction.emit("payment_method.detached", detached.wire(), before)
    return detached.wire()


def list_all(call: Call) -> JsonObject:
    """Only of a customer: without one the list is empty."""
    return page(call, PaymentMethod, lambda method: bool(method.customer) and wanted(call, method), PaymentMethod.wire)


def wanted(call: Call, method: PaymentMethod) -> bool:
    return "customer" in call.params and matches(call, "customer", method.customer) and matches(call, "type", "card")


def list_of_customer(call: Call) -> JsonObject:
    customer = call.subject(Customer)
    return page(
        call, PaymentMethod, lambda m: m.customer == customer.id and matches(call, "type", "card"), PaymentMethod.wire
    )
