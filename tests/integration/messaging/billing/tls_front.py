"""TLS before a PostgreSQL server that was built without it: the embedded one and its like have no OpenSSL.

It answers the protocol's request for TLS as a server does, shakes hands with a certificate of the test's choice, and
hands on what comes through. The client, its checks and the server behind are real.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

SSL_REQUEST_BYTES = 8
CHUNK_BYTES = 65_536


class TlsFront:
    """Listens on a port of its own until it is closed."""

    def __init__(self, url: str, chain: Path) -> None:
        parts = conninfo_to_dict(url)
        self._server = (str(parts["host"]), int(str(parts["port"])))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._over = False
        self._threads: list[threading.Thread] = []
        self._begin(self._listen)

    def close(self) -> None:
        """Cut off whoever is connected, and return when nobody is."""
        with self._lock:
            self._over = True
            _cut_off(self._listener)
            for connection in self._open:
                _cut_off(connection)
        while self._threads:  # a thread may have begun others
            self._threads.pop(0).join()

    def _listen(self) -> None:
        with self._listener:
            while True:
                try:
                    client, _ = self._listener.accept()
                except OSError:  # closed
                    return
                self._begin(self._welcome, client)

    def _welcome(self, client: socket.socket) -> None:
        # A client that does not like our certificate hangs up.
        with suppress(OSError), closing(client):
            self._keep(client)
            client.recv(SSL_REQUEST_BYTES, socket.MSG_WAITALL)
            client.sendall(b"S")
            with self._context.wrap_socket(client, server_side=True, do_handshake_on_connect=False) as safe:
                self._keep(safe)
                safe.do_handshake()
                with socket.create_connection(self._server) as server:
                    self._keep(server)
                    _hand_on(safe, server)

    def _keep(self, connection: socket.socket) -> None:
        """It is cut off at the end, or at once when that has come."""
        with self._lock:
            self._open.add(connection)
            if self._over:
                _cut_off(connection)

    def _begin(self, what: Callable[..., None], *words: socket.socket) -> None:
        thread = threading.Thread(target=what, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()


def _hand_on(client: ssl.SSLSocket, server: socket.socket) -> None:
    """Both ways, in one thread: a TLS connection is not to be read and written at once. Until either side has ended."""
    while True:
        readable = [client] if client.pending() else select.select([client, server], [], [])[0]
        for source in readable:
            data = source.recv(CHUNK_BYTES)
            if not data:
                return
            (server if source is client else client).sendall(data)


def _cut_off(connection: socket.socket) -> None:
    """Whoever waits for it wakes up; its own thread closes it. An SSLSocket's own shutdown forgets its TLS."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
