"""TLS before a PostgreSQL server that was built without it: the embedded one and its like have no OpenSSL.

It answers the protocol's request for TLS as a server does, shakes hands with a certificate of the test's choice, and
hands on what comes through. The client, its checks and the server behind are real.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

SSL_REQUEST_BYTES = 8


class TlsFront:
    """Listens on a port of its own until it is closed."""

    def __init__(self, url: str, chain: Path) -> None:
        parts = conninfo_to_dict(url)
        self._server = (str(parts["host"]), int(str(parts["port"])))
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._listening = threading.Event()
        self.port = 0
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._thread.start()
        self._listening.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listening.set()
        async with server:
            await self._over.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # a client that does not like our certificate hangs up
            await reader.readexactly(SSL_REQUEST_BYTES)
            writer.write(b"S")
            await writer.start_tls(self._context)
            from_server, to_server = await asyncio.open_connection(*self._server)
            await asyncio.gather(_hand_on(reader, to_server), _hand_on(from_server, writer))
        writer.close()


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
