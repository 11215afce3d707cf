"""/v1/events (API reference, "Events"): everything that happened, whether or not its webhook arrived."""

from fnmatch import fnmatchcase

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import page
from deploy.stripe_sandbox.objects.delivery import Delivery
from deploy.stripe_sandbox.objects.event import Event
from deploy.stripe_sandbox.values import JsonObject, text


def wire(call: Call, event: Event) -> JsonObject:
    """`pending_webhooks`: "Number of webhooks that haven't been successfully delivered"."""
    delivery = call.transaction.find(Delivery, event.id)
    return event.wire(pending_webhooks=1 if delivery is not None and delivery.status == "pending" else 0)


def retrieve(call: Call) -> JsonObject:
    return wire(call, call.subject(Event, "id"))


def list_all(call: Call) -> JsonObject:
    """`type` may end in `.*`; `types` names up to 20; `delivery_success` asks for the undelivered or delivered."""
    types = call.params.get("types")
    wanted = [str(kind) for kind in types] if isinstance(types, list) else [text(call.params, "type") or "*"]

    def keep(event: Event) -> bool:
        return any(fnmatchcase(event.type, kind) for kind in wanted) and delivered_as_asked(call, event)

    return page(call, Event, keep, lambda event: wire(call, event))


def delivered_as_asked(call: Call, event: Event) -> bool:
    asked = call.params.get("delivery_success")
    if asked is None:
        return True
    delivery = call.transaction.find(Delivery, event.id)
    return (delivery is None or delivery.status == "delivered") == asked
