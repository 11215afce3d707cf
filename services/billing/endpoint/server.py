"""The HTTP endpoint as a companion of the worker: uvicorn in a thread of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn
from fastapi import FastAPI

from services.billing.repository import BillingRepository
from shared.messaging.service import Runtime

STOP_TIMEOUT_S = 5
CONCURRENCY = 64  # more at once are turned away with 503; Stripe repeats, buyers reload


class Endpoint:
    """Listens while the worker runs. The port is taken in `start`, so that a taken one stops the worker at once."""

    def __init__(self, app: FastAPI, host: str, port: int, runtime: Runtime[BillingRepository]) -> None:
        self._address = (host, port)
        self._runtime = runtime
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,  # through the worker's own logging
                access_log=False,  # a purchase's id opens its page: it does not belong in a log of addresses
                server_header=False,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=STOP_TIMEOUT_S,
                limit_concurrency=CONCURRENCY,
                h11_max_incomplete_event_size=16 * 1024,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="http endpoint", daemon=True)

    def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.create_server(self._address, family=family, reuse_port=False)
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, then close."""
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT_S + 1)
        self._socket.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as error:
            self._runtime.fail("http endpoint", error)
            return
        if not self._server.should_exit:
            self._runtime.fail("http endpoint", RuntimeError("the endpoint ended by itself"))
