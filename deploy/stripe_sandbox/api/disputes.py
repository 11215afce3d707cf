"""/v1/disputes (API reference, "Disputes"). They are opened and decided through the control API."""

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import matches, page
from deploy.stripe_sandbox.disputing import close_dispute
from deploy.stripe_sandbox.errors import refused
from deploy.stripe_sandbox.objects.dispute import Dispute
from deploy.stripe_sandbox.values import JsonObject


def retrieve(call: Call) -> JsonObject:
    return call.subject(Dispute).wire()


def close(call: Call) -> JsonObject:
    """ "Closing ... acknowledging it as lost" (API reference, "Close a dispute")."""
    dispute = call.subject(Dispute)
    if dispute.status != "needs_response":
        raise refused("This dispute is already closed.")
    return close_dispute(call.transaction, dispute, "lost").wire()


def list_all(call: Call) -> JsonObject:
    def wanted(dispute: Dispute) -> bool:
        return matches(call, "charge", dispute.charge) and matches(call, "payment_intent", dispute.payment_intent)

    return page(call, Dispute, wanted, Dispute.wire)
