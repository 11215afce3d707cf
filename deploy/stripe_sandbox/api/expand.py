"""`expand`: puts whole objects where their ids stand (API reference, "Expanding responses")."""

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.errors import ApiError, invalid
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.values import Json, JsonObject

# Field to the kind whose id stands in it; only fields that the SDK types as ExpandableField are here.
EXPANDABLE: dict[str, type[Charge | Customer | PaymentIntent | PaymentMethod]] = {
    "charge": Charge,
    "customer": Customer,
    "default_payment_method": PaymentMethod,
    "latest_charge": Charge,
    "payment_intent": PaymentIntent,
    "payment_method": PaymentMethod,
}
DEPTH_MAX = 4  # "Expansions have a maximum depth of four levels"


def expand(call: Call, body: JsonObject) -> JsonObject:
    wanted = call.params.get("expand")
    for path in wanted if isinstance(wanted, list) else []:
        steps = str(path).split(".")
        if len(steps) > DEPTH_MAX:
            raise invalid(f"You cannot expand more than {DEPTH_MAX} levels of a property. Property: {path}")
        follow(call, body, steps)
    return body


def follow(call: Call, node: Json, steps: list[str]) -> None:
    """Raises ApiError 400, without code and param as Stripe's."""
    if not steps or node is None:
        return
    if isinstance(node, list):
        for item in node:
            follow(call, item, steps)
        return
    name = steps[0]
    if not isinstance(node, dict) or name not in node:
        raise refused_to_expand(f"because it doesn't exist: {name}.")
    value = node[name]
    if isinstance(value, str):
        if name not in EXPANDABLE or (node.get("object") == "charge" and name == "payment_method"):
            raise refused_to_expand(f"({name}).")
        found = call.transaction.find(EXPANDABLE[name], value)
        node[name] = found.wire() if found is not None else value
    elif value is not None and len(steps) == 1:
        raise refused_to_expand(f"({name}).")
    follow(call, node[name], steps[1:])


def refused_to_expand(what: str) -> ApiError:
    return ApiError(400, "invalid_request_error", f"This property cannot be expanded {what}", executed=False)
