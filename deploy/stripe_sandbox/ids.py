"""Identifiers with Stripe's prefixes (SDK, `OBJECT_NAME` and the examples of the API reference)."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits
# As long as the identifiers in the API reference (pi_3MtwBwLkdIwHu7ix28a3tqPa), so that columns are tried at size.
LENGTH = 24


def new_id(prefix: str, length: int = LENGTH) -> str:
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"
