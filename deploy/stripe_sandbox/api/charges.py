"""/v1/charges, read only: a PaymentIntent makes them (API reference, "Charges")."""

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import matches, page
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.values import JsonObject


def retrieve(call: Call) -> JsonObject:
    return call.subject(Charge).wire()


def list_all(call: Call) -> JsonObject:
    def wanted(charge: Charge) -> bool:
        return matches(call, "customer", charge.customer) and matches(call, "payment_intent", charge.payment_intent)

    return page(call, Charge, wanted, Charge.wire)
