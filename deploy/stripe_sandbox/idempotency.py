"""Idempotency keys (API reference, "Idempotent requests", and "Advanced error handling").

- The status and body of the first request are saved once its endpoint began to run, "regardless of whether it succeeds
  or fails ... including 500 errors"; a retry gets them again with `Idempotent-Replayed: true`.
- "If incoming parameters fail validation, or the request conflicts with another request that's executing concurrently,
  we don't save". A key in flight is answered 409.
- The same key with other parameters, or for another endpoint, is a 400 `idempotency_error` without a code.
- "You can remove keys from the system automatically after they're at least 24 hours old. We generate a new request if a
  key is reused after the original is pruned": here always, at 24 hours of the settable clock, since the worst that may
  happen is what must be survived.
- "All POST requests accept idempotency keys"; on GET they have no effect.
"""

from dataclasses import dataclass
from hashlib import sha256

from deploy.stripe_sandbox.errors import ApiError
from deploy.stripe_sandbox.objects.saved_reply import SavedReply
from deploy.stripe_sandbox.store import Store, Transaction
from deploy.stripe_sandbox.values import JsonObject

PRUNED_AFTER_S = 24 * 60 * 60
KEY_LENGTH_MAX = 255  # "Idempotency keys are up to 255 characters long"


@dataclass(frozen=True)
class Keyed:
    """One request that carries a key. account: whose key it is; keys of two accounts never meet."""

    account: str
    key: str
    method: str
    path: str
    fingerprint: str

    @property
    def id(self) -> str:
        return f"{self.account}:{self.key}"


def fingerprint_of(encoded: str) -> str:
    """The parameters as sent, in any order."""
    return sha256("&".join(sorted(encoded.split("&"))).encode()).hexdigest()


class IdempotencyKeys:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_flight: set[str] = set()

    def begin(self, request: Keyed, now: int) -> SavedReply | None:
        """The saved reply; or None, and the key is in flight until `finish`.

        Raises ApiError: 409 `idempotency_key_in_use`, 400 `idempotency_error`. Call it with the store's lock held.
        """
        if len(request.key) > KEY_LENGTH_MAX:
            message = f"Idempotency keys may be at most {KEY_LENGTH_MAX} characters long."
            raise ApiError(400, "invalid_request_error", message, executed=False)
        if request.id in self._in_flight:
            raise in_use(request.key)
        saved = self._store.begin(now).find(SavedReply, request.id)
        if saved is None or now - saved.created >= PRUNED_AFTER_S:
            self._in_flight.add(request.id)
            return None
        if saved.path != request.path:
            raise misused(
                f"for the same endpoint they were first used for ('{request.path}' vs '{saved.path}')", request
            )
        if saved.fingerprint != request.fingerprint or saved.method != request.method:
            raise misused("with the same parameters they were first used with", request)
        return saved

    def finish(self, request: Keyed) -> None:
        self._in_flight.discard(request.id)


def saved_reply(request: Keyed, transaction: Transaction, request_id: str, status: int, body: JsonObject) -> SavedReply:
    return SavedReply(
        id=request.id,
        created=transaction.now,
        method=request.method,
        path=request.path,
        fingerprint=request.fingerprint,
        request_id=request_id,
        status=status,
        body=body,
    )


def in_use(key: str) -> ApiError:
    """The SDK has no class for 409: it raises a plain APIError whose `code` is None; the code is in `e.error.code`
    (stripe/_api_requestor.py, last branch of `specific_v1_api_error`)."""
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
        f"twice, and the other request is still going through): {key}. Please try again later."
    )
    return ApiError(409, "invalid_request_error", message, code="idempotency_key_in_use", executed=False)


def misused(how: str, request: Keyed) -> ApiError:
    message = (
        f"Keys for idempotent requests can only be used {how}. Try using a key other than '{request.key}' if you meant "
        "to execute a different request."
    )
    return ApiError(400, "idempotency_error", message, executed=False)
