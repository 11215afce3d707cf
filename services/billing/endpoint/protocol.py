"""One connection's bounds: how long a request may take to arrive, how large it may be, how many one peer may hold open.

uvicorn bounds the size of the header and the time between requests; of a request that arrives byte by byte, or a
connection that says nothing, it is patient for ever.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.billing.endpoint.refusals import Refusals

# Header and body together, from the connection's opening or the request's first byte. Stripe's events are some KB, sent
# in one go; a buyer's browser sends one KB.
ARRIVAL_TIMEOUT_S = 10.0
MAX_BODY_BYTES = 512 * 1024  # Stripe's events are some kilobytes; anything larger is not one
# A client that sends too much is listened to a little longer, so that it hears the answer; then it is cut off.
MAX_REQUEST_BYTES = 2 * MAX_BODY_BYTES
CONCURRENCY = 64  # more at once are turned away with 503; Stripe repeats, buyers reload
MAX_CONNECTIONS = 2 * CONCURRENCY  # more are cut off unheard: sockets are needed for Kafka and PostgreSQL, too
PEER_CONNECTIONS = CONCURRENCY // 2  # one peer cannot take all places, and a proxy's few dozen fit

TOO_SLOW = "a request that did not arrive in time"
TOO_LARGE = "a request larger than any event"
TOO_MANY_CONNECTIONS = "more connections than are let in"

# States of the client in which there is nothing (more) of a request to wait for.
WHOLE = (h11.IDLE, h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR)


class BoundedProtocol(H11Protocol):
    """uvicorn's own protocol with these bounds. For the event loop alone."""

    refusals: Refusals
    headers_of_refusals: tuple[tuple[bytes, bytes], ...]
    peers: Counter[str]

    _arrival: asyncio.TimerHandle | None = None
    _received_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Counted, and given its time."""
        super().connection_made(transport)
        self.peers[self._peer] += 1
        if len(self.connections) > MAX_CONNECTIONS or self.peers[self._peer] > PEER_CONNECTIONS:
            self.refusals.note(TOO_MANY_CONNECTIONS)
            transport.abort()
            return
        self._wait_for_arrival()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._arrived()
        self.peers[self._peer] -= 1
        if not self.peers[self._peer]:
            del self.peers[self._peer]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A part of a request: the clock runs from its first byte to its last."""
        self._received_bytes += len(data)
        if self._received_bytes > MAX_REQUEST_BYTES:
            self.refusals.note(TOO_LARGE)
            self.transport.abort()
            return
        self._wait_for_arrival()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._look()

    def on_response_complete(self) -> None:
        """What was sent behind the request may be a part of the next one."""
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """Not HTTP."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _look(self) -> None:
        if self.conn.their_state in WHOLE:
            self._arrived()
        else:
            self._wait_for_arrival()

    @property
    def _peer(self) -> str:
        return self.client[0] if self.client else "unknown"

    def _wait_for_arrival(self) -> None:
        if self._arrival is None:
            self._arrival = self.loop.call_later(ARRIVAL_TIMEOUT_S, self._too_slow)

    def _arrived(self) -> None:
        self._received_bytes = 0
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _too_slow(self) -> None:
        self.refusals.note(TOO_SLOW)
        if self.cycle is not None:
            self.cycle.disconnected = True  # whoever waits for the body is told so, and what he answers goes nowhere
        if self._received_bytes and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.abort()

    def _refuse(self, status: HTTPStatus) -> None:
        headers = [*self.headers_of_refusals, (b"content-length", b"0"), (b"connection", b"close")]
        answer = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
        for event in (answer, h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def bounded(refusals: Refusals, headers: tuple[tuple[str, str], ...]) -> type[BoundedProtocol]:
    """The protocol of one endpoint, as uvicorn wants it: a class."""
    encoded = tuple((name.lower().encode(), value.encode()) for name, value in headers)
    return type(
        "Bounded", (BoundedProtocol,), {"refusals": refusals, "headers_of_refusals": encoded, "peers": Counter()}
    )
