"""HTTP on a socket of our own, one thread for each connection.

The standard library's server rather than an ASGI one: cutting a reply in the middle and resetting a connection need the
socket itself, and the sandbox starts in a quarter of a second.
"""

import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from deploy.stripe_sandbox.control_routes import PREFIX, Control, reply
from deploy.stripe_sandbox.exchange import Incoming, Outgoing
from deploy.stripe_sandbox.sandbox import Sandbox

BODY_MAX_BYTES = 1_000_000  # far above any request of Stripe's; a bound so that no client can fill the memory
IDLE_LIMIT_S = 120  # a kept-alive connection without a request is closed then


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stripe-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = IDLE_LIMIT_S
    server: "Server"

    def do_GET(self) -> None:
        self.serve()

    def do_POST(self) -> None:
        self.serve()

    def do_DELETE(self) -> None:
        self.serve()

    def serve(self) -> None:
        declared = self.headers.get("Content-Length", "0")
        length = int(declared) if declared.isdecimal() else BODY_MAX_BYTES + 1
        if length > BODY_MAX_BYTES:
            self.close_connection = True
            self.write(reply(413, {"error": "the request is too large"}))
            return
        self.write(self.answer(self.rfile.read(length)))

    def answer(self, body: bytes) -> Outgoing:
        parts = urlsplit(self.path)
        if parts.path.startswith(PREFIX):
            return self.server.control.answer(self.command, parts.path, body)
        if parts.path.startswith("/3ds/"):
            return self.server.sandbox.page.answer(self.command, parts.path)
        incoming = Incoming(
            method=self.command,
            path=parts.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            encoded=parts.query if self.command == "GET" else body.decode("utf-8", "replace"),
            base_url=self.server.public_url or f"http://{self.headers.get('Host') or '127.0.0.1'}",
        )
        return self.server.sandbox.exchange.answer(incoming)

    def write(self, outgoing: Outgoing) -> None:
        if outgoing.ending == "reset":
            self.reset()
            return
        self.send_response(outgoing.status)
        for name, value in outgoing.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(outgoing.body)))
        self.end_headers()
        if outgoing.ending == "cut":
            self.wfile.write(outgoing.body[: len(outgoing.body) // 2])
            self.close_connection = True
            return
        self.wfile.write(outgoing.body)

    def reset(self) -> None:
        """RST instead of FIN: the client sees its connection reset, without a byte of a reply."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()  # it shares the socket, which closes with its last user
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Silent: requests are listed by the control API, and bodies hold client secrets."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # billing, its reconciler and a test may all connect at once
    block_on_close = False  # a held request must not keep the process from ending

    def __init__(self, address: tuple[str, int], sandbox: Sandbox, public_url: str | None = None) -> None:
        super().__init__(address, Handler)
        self.sandbox = sandbox
        self.public_url = public_url
        self.control = Control(sandbox)

    def handle_error(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object) -> None:
        """A client that went away is none of our business; anything else is a bug and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@contextmanager
def running(
    journal: Path,
    state_dir: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    public_url: str | None = None,
) -> Iterator[tuple[Sandbox, str]]:
    """The sandbox in this process, on a free port; its parts and its address. For tests and for the demo.

    `public_url` is where browsers reach it, when that is not the address by which its caller does.
    """
    sandbox = Sandbox(journal, state_dir)
    server = Server((host, port), sandbox, public_url.rstrip("/") if public_url else None)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="stripe-sandbox", daemon=True)
    thread.start()
    sandbox.webhooks.start()
    try:
        yield sandbox, f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        sandbox.close()
        thread.join()
