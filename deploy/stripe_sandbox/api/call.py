"""One call of an endpoint, its parameters already read against Stripe's description."""

from dataclasses import dataclass
from typing import TypeVar

from deploy.stripe_sandbox.errors import missing_object
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.store import Transaction
from deploy.stripe_sandbox.values import JsonObject, Metadata, nested

R = TypeVar("R", bound=Record)
# How Stripe names each kind in "No such ...".
NOUNS = {
    "payment_intent": "payment_intent",
    "payment_method": "PaymentMethod",
    "customer": "customer",
    "charge": "charge",
    "refund": "refund",
    "dispute": "dispute",
    "event": "event",
}


@dataclass(frozen=True)
class Call:
    """path: the address; named: the identifiers in it, in order; base_url: where the sandbox is reached."""

    transaction: Transaction
    path: str
    named: tuple[str, ...]
    params: JsonObject
    base_url: str
    search_lag_s: int = 0

    def subject(self, kind: type[R], param: str | None = None) -> R:
        """The object that the address names. Raises ApiError 404."""
        return self.look_up(kind, self.named[0], param or kind.KIND, in_path=True)

    def look_up(self, kind: type[R], identifier: str, param: str, *, in_path: bool = False) -> R:
        found = self.transaction.find(kind, identifier)
        if found is None:
            raise missing_object(NOUNS[kind.KIND], identifier, param=param, in_path=in_path)
        return found

    def metadata(self, before: Metadata | None = None) -> Metadata:
        """As posted over what was: an empty value unsets a key, an empty `metadata` unsets all ("Metadata")."""
        if "metadata" not in self.params:
            return before or {}
        if self.params["metadata"] == "":
            return {}
        merged = {**(before or {}), **{key: str(value) for key, value in nested(self.params, "metadata").items()}}
        return {key: value for key, value in merged.items() if value != ""}
