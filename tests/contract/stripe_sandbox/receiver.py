"""A webhook endpoint for the tests: keeps what arrives, checks it with the SDK, answers as told."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe

SECRET = "whsec_contract"
PATIENCE_S = 10


@dataclass
class Receiver:
    """url: where it listens; answers: statuses to give first, then 200 for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    arrived: "queue.Queue[tuple[bytes, str]]" = field(default_factory=queue.Queue)

    def next(self) -> tuple[bytes, str]:
        """Body and signature of the next request."""
        return self.arrived.get(timeout=PATIENCE_S)

    def event(self) -> stripe.Event:
        """The next event, its signature verified as billing verifies it."""
        body, signature = self.next()
        event: stripe.Event = stripe.Webhook.construct_event(body, signature, SECRET, api_key="sk_test_x")
        return event

    def types(self, count: int) -> list[str]:
        return [self.event().type for _ in range(count)]


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.answers.pop(0) if receiver.answers else 200
            # Before the answer: after it the next one may come, and its thread be quicker.
            receiver.arrived.put((body, self.headers["Stripe-Signature"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/webhooks/stripe"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
