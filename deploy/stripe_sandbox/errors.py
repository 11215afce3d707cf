"""Stripe's error envelope (API reference, "Errors").

Which combination of status, type and code a failure has decides what billing does with it, so each constructor here
names the failure it stands for. Only four values of `type` exist on the wire; what the SDK calls RateLimitError or
AuthenticationError is derived from the HTTP status (stripe/_api_requestor.py, `specific_v1_api_error`).
"""

from deploy.stripe_sandbox.values import Json, JsonObject


class ApiError(Exception):
    """A reply other than 200.

    executed: the endpoint had begun to run. Only then is the reply saved under the idempotency key (API reference,
    "Idempotent requests": "We save results only after the execution of an endpoint begins").
    keeps_effects: what happened stays (a decline leaves a failed charge and an open PaymentIntent).
    """

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        executed: bool = True,
        keeps_effects: bool = False,
        details: JsonObject | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.code = code
        self.param = param
        self.executed = executed
        self.keeps_effects = keeps_effects
        self.details = details or {}
        self.headers = headers or {}

    def envelope(self, request_id: str) -> JsonObject:
        """The body. Fields without a value are left out, as Stripe leaves them out."""
        optional: dict[str, Json] = {
            "code": self.code,
            "doc_url": documentation_of(self.code) if self.code else None,
            "param": self.param,
            **self.details,
        }
        error: JsonObject = {"message": self.message, "type": self.kind}
        error |= {name: value for name, value in optional.items() if value is not None}
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": dict(sorted(error.items()))}


def documentation_of(code: str) -> str:
    return f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> ApiError:
    """A request whose parameters fail validation: 400 and never saved under a key."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, executed=False)


def refused(
    message: str, *, code: str | None = None, param: str | None = None, details: JsonObject | None = None
) -> ApiError:
    """A well-formed request that the state of the objects forbids: 400, saved under the key."""
    return ApiError(400, "invalid_request_error", message, code=code, param=param, details=details)


def missing_object(noun: str, identifier: str, *, param: str, in_path: bool) -> ApiError:
    """`resource_missing`: 404 when the address names it, 400 when a parameter does."""
    return ApiError(
        404 if in_path else 400,
        "invalid_request_error",
        f"No such {noun}: '{identifier}'",
        code="resource_missing",
        param=param,
    )


def unauthorized(message: str) -> ApiError:
    return ApiError(401, "invalid_request_error", message, executed=False)


def unknown_url(method: str, path: str) -> ApiError:
    return ApiError(
        404,
        "invalid_request_error",
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        executed=False,
    )
