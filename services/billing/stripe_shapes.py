"""From the processor's JSON to what decides. Its objects hold client secrets and card data: none of that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.billing.domain.failed_call import FailedCall
from services.billing.domain.intent import Intent

Json = Mapping[str, Any]


def intent_from(shown: Json) -> Intent:
    """A PaymentIntent as the API, an error or an event shows it ("The PaymentIntent object")."""
    metadata = _part(shown, "metadata")
    failure = _part(shown, "last_payment_error")
    redirect = _part(_part(shown, "next_action"), "redirect_to_url")
    return Intent(
        intent_id=shown["id"],
        status=shown["status"],
        amount_minor=shown["amount"],
        amount_received_minor=shown.get("amount_received") or 0,
        currency=shown["currency"],
        customer_id=id_of(shown.get("customer")),
        purchase_id=metadata.get("purchase_id"),
        workspace_id=metadata.get("workspace_id"),
        charge_id=id_of(shown.get("latest_charge")),
        error_code=failure.get("code") or ("unknown" if failure else None),
        decline_code=failure.get("decline_code"),
        redirect_url=redirect.get("url"),
        payment_method_id=id_of(shown.get("payment_method")),
    )


def receipt_of(shown: Json) -> str | None:
    """The receipt of a PaymentIntent whose latest charge is expanded."""
    url = _part(shown, "latest_charge").get("receipt_url")
    return url if isinstance(url, str) else None


def id_of(reference: object) -> str | None:
    """A reference is an id, or the object itself where it was expanded ("Expanding objects")."""
    if isinstance(reference, Mapping):
        reference = reference.get("id")
    return reference if isinstance(reference, str) else None


def error_in(body: object) -> Json:
    """The error of a failed call's body; empty when the body is something else."""
    return _part(body, "error") if isinstance(body, Mapping) else {}


def failed_call(status: int | None, error: Json) -> FailedCall:
    """What of an error decides."""
    return FailedCall(status, error.get("type"), error.get("code"), error.get("param"))


def _part(whole: object, name: str) -> Json:
    part = whole.get(name) if isinstance(whole, Mapping) else None
    return part if isinstance(part, Mapping) else {}
