"""/v1/refunds (API reference, "Refunds")."""

from dataclasses import replace

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import matches, page
from deploy.stripe_sandbox.errors import invalid, refused
from deploy.stripe_sandbox.money import check_positive
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.objects.refund import Refund
from deploy.stripe_sandbox.refunding import check_refundable, make_refund
from deploy.stripe_sandbox.values import JsonObject, text, whole


def create(call: Call) -> JsonObject:
    charge = charge_to_refund(call)
    amount = whole(call.params, "amount")
    if amount is not None:
        check_positive(amount)
    check_refundable(charge, amount)
    taken = charge.refundable if amount is None else amount
    reason = text(call.params, "reason")
    return make_refund(call.transaction, charge, taken, reason, call.metadata()).wire()


def charge_to_refund(call: Call) -> Charge:
    named, of_intent = text(call.params, "charge"), text(call.params, "payment_intent")
    if named is not None:
        return call.look_up(Charge, named, "charge")
    if of_intent is None:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise invalid(message)
    intent = call.look_up(PaymentIntent, of_intent, "payment_intent")
    charge = call.transaction.find(Charge, intent.latest_charge or "")
    if charge is None or intent.status != "succeeded":
        raise refused(f"This PaymentIntent ({intent.id}) does not have a successful charge to refund.")
    return charge


def retrieve(call: Call) -> JsonObject:
    return call.subject(Refund).wire()


def update(call: Call) -> JsonObject:
    """ "This request only accepts metadata as an argument" (API reference, "Update a refund")."""
    refund = call.subject(Refund)
    return call.transaction.put(replace(refund, metadata=call.metadata(refund.metadata))).wire()


def list_all(call: Call) -> JsonObject:
    def wanted(refund: Refund) -> bool:
        return matches(call, "charge", refund.charge) and matches(call, "payment_intent", refund.payment_intent)

    return page(call, Refund, wanted, Refund.wire)
