"""What every answer of the endpoint says to browsers and caches, whatever it is: page, refusal, redirect."""

from __future__ import annotations

Headers = tuple[tuple[str, str], ...]

# A link to a payment is as good as a key: not kept by caches, not passed on to the next page, not found by searches.
# Our pages are a line of text: nothing is loaded, framed, guessed or sent.
ALWAYS: Headers = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Robots-Tag", "noindex"),
)
# Browsers that came by https come so for a year. Of this host alone: what else lives in the domain is not ours.
OVER_HTTPS: Headers = (("Strict-Transport-Security", "max-age=31536000"),)


def security_headers(public_url: str) -> Headers:
    """For the address under which browsers reach the endpoint."""
    return ALWAYS + (OVER_HTTPS if public_url.startswith("https://") else ())
