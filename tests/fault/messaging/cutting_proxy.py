"""A TCP proxy before PostgreSQL that cuts a connection around a COMMIT, whose outcome the client then never hears."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal

from psycopg.conninfo import conninfo_to_dict

Cut = Literal["before", "after"]


class CuttingProxy:
    """Forwards to the server of `url`; armed by `cut_next`, it loses the next COMMIT on its way, or its answer."""

    def __init__(self, url: str) -> None:
        target = conninfo_to_dict(url)
        self._target = (str(target["host"]), int(str(target["port"])))
        self._armed: Cut | None = None
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = url.replace(f"{target['host']}:{target['port']}", f"127.0.0.1:{port}")
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_next(self, when: Cut) -> None:
        self._armed = when

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=self._to_client, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65_536):
                if b"COMMIT\x00" in data and self._armed:
                    self._cut(client, server, data)
                    return
                server.sendall(data)
        _close(server)

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        when, self._armed = self._armed, None
        self.cuts += 1
        client.shutdown(socket.SHUT_RDWR)  # first: the answer must not get through
        if when == "after":
            server.sendall(data)
        _close(client)
        _close(server)

    def _to_client(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                client.sendall(data)
        _close(client)


def _close(connection: socket.socket) -> None:
    """Half first, so that what was sent before still arrives."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
    connection.close()
