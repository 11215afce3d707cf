"""A buyer's browser, as much of it as the tests need: one request, no redirect followed."""

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Page:
    """location: where a redirect leads; None without one."""

    status: int
    location: str | None
    text: str
    headers: dict[str, str]


def visit(address: str, method: str = "GET", headers: dict[str, str] | None = None, body: str | None = None) -> Page:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, headers or {})
        reply = connection.getresponse()
        return Page(reply.status, reply.getheader("Location"), reply.read().decode(), dict(reply.getheaders()))
    finally:
        connection.close()
