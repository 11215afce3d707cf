"""Who may call (API reference, "Authentication" and "Versioning").

The SDK sends `Authorization: Bearer <key>` (stripe/_api_requestor.py, `request_headers`); curl users send the key as
the name of HTTP Basic. Any secret test key is an account of its own. Live keys never work here.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from hashlib import sha256

from deploy.stripe_sandbox.errors import ApiError, unauthorized
from deploy.stripe_sandbox.objects.event import API_VERSION

TEST_KEY = re.compile(r"(sk|rk)_test_\w+")
NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we "
    "can help at https://support.stripe.com/."
)


def account_of(headers: Mapping[str, str]) -> str:
    """A name for the account whose key this is, safe to store. Raises ApiError 401 or 403."""
    key = key_in(headers.get("authorization", ""))
    if not key:
        raise unauthorized(NO_KEY)
    if key.startswith("pk_"):
        message = (
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list "
            "of your API keys at https://dashboard.stripe.com/account/apikeys."
        )
        raise ApiError(403, "invalid_request_error", message, code="secret_key_required", executed=False)
    if not TEST_KEY.fullmatch(key):
        raise unauthorized(f"Invalid API Key provided: {masked(key)}")
    return f"acct_{sha256(key.encode()).hexdigest()[:16]}"


def key_in(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def masked(key: str) -> str:
    """As Stripe shows a wrong key: its kind and its last four characters."""
    kind = key[:8] if re.match(r"[a-z]k_(test|live)_", key) else key[:3]
    return f"{kind}{'*' * max(0, len(key) - len(kind) - 4)}{key[-4:]}" if len(key) > 12 else f"{key[:2]}***"


def check_version(headers: Mapping[str, str]) -> str:
    """The version of the reply. Objects are written in one version's shape; another asked for is refused, not faked."""
    asked = headers.get("stripe-version", API_VERSION)
    if asked != API_VERSION:
        message = f"Invalid Stripe API version: {asked}. The sandbox speaks {API_VERSION} only."
        raise ApiError(400, "invalid_request_error", message, executed=False)
    return asked
