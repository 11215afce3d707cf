"""The processor's PaymentIntents, Refunds and Disputes as a comparison needs them; of our metadata only what can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from services.billing.domain.adoption import is_uuid
from services.billing.domain.reconciling import About, Theirs
from services.billing.stripe_shapes import Json, id_of, intent_from

# Another program on the same account may write metadata of the same names.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127}")


def _payment(shown: Json) -> Theirs:
    intent = intent_from(shown)
    ours = is_uuid(intent.purchase_id) and bool(_ID.fullmatch(intent.workspace_id or ""))
    return Theirs(
        About.PAYMENT,
        intent.intent_id,
        intent.status,
        intent.amount_minor,
        intent.currency,
        payment_intent_id=intent.intent_id,
        purchase_id=intent.purchase_id if ours else None,
        workspace_id=intent.workspace_id if ours else None,
        customer_id=intent.customer_id,
        intent=intent if ours else None,
    )


def _refund(shown: Json) -> Theirs:
    metadata = shown.get("metadata")
    refund_id = metadata.get("refund_id") if isinstance(metadata, Mapping) else None
    return Theirs(
        About.REFUND,
        shown["id"],
        shown["status"],
        shown["amount"],
        shown["currency"],
        payment_intent_id=id_of(shown.get("payment_intent")),
        refund_id=refund_id if is_uuid(refund_id) else None,
    )


def _dispute(shown: Json) -> Theirs:
    return Theirs(
        About.DISPUTE,
        shown["id"],
        shown["status"],
        shown["amount"],
        shown["currency"],
        payment_intent_id=id_of(shown.get("payment_intent")),
    )


LISTED: dict[About, Callable[[Json], Theirs]] = {
    About.PAYMENT: _payment,
    About.REFUND: _refund,
    About.DISPUTE: _dispute,
}
"""How one object of each list reads. Each raises KeyError for what is no such object."""
