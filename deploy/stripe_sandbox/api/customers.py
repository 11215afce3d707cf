"""/v1/customers (API reference, "Customers")."""

from dataclasses import replace

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import matches, page
from deploy.stripe_sandbox.api.payment_methods import attach_to, find_method
from deploy.stripe_sandbox.errors import refused
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.values import JsonObject, nested, text

PROFILE = ("email", "name", "phone", "description")


def create(call: Call) -> JsonObject:
    customer = Customer(id=new_id("cus", 14), created=call.transaction.now, metadata=call.metadata())
    customer = call.transaction.put(profiled(call, customer))
    method = text(call.params, "payment_method")
    if method is not None:
        attach_to(call, find_method(call, method, "payment_method"), customer)
    customer = call.transaction.put(with_default(call, customer))
    call.transaction.emit("customer.created", customer.wire())
    return customer.wire()


def profiled(call: Call, customer: Customer) -> Customer:
    """With the plain fields that were posted; an empty text unsets one."""
    posted = {name: text(call.params, name) for name in PROFILE if name in call.params}
    return replace(customer, metadata=call.metadata(customer.metadata), **posted)  # type: ignore[arg-type]  # PROFILE names texts


def with_default(call: Call, customer: Customer) -> Customer:
    settings = nested(call.params, "invoice_settings")
    if "default_payment_method" not in settings:
        return customer
    identifier = text(settings, "default_payment_method")
    if identifier is None:
        return replace(customer, default_payment_method=None)
    param = "invoice_settings[default_payment_method]"
    method = call.look_up(PaymentMethod, identifier, param)
    if method.customer != customer.id:
        raise refused(
            f"The customer does not have a payment method with the ID {identifier}. The payment method must be "
            "attached to the customer.",
            code="resource_missing",
            param=param,
        )
    return replace(customer, default_payment_method=identifier)


def retrieve(call: Call) -> JsonObject:
    return call.subject(Customer, "id").wire()


def update(call: Call) -> JsonObject:
    before = call.subject(Customer, "id")
    customer = call.transaction.put(with_default(call, profiled(call, before)))
    old, new = before.wire(), customer.wire()
    call.transaction.emit("customer.updated", new, former(old, new))
    return new


def former(old: JsonObject, new: JsonObject) -> JsonObject:
    """What changed, as it was: `previous_attributes` ("Event data"), of nested objects the changed part only."""
    changed: JsonObject = {}
    for name in old:
        before, after = old[name], new.get(name)
        if before != after:
            changed[name] = former(before, after) if isinstance(before, dict) and isinstance(after, dict) else before
    return changed


def list_all(call: Call) -> JsonObject:
    return page(call, Customer, lambda customer: matches(call, "email", customer.email), Customer.wire)
