"""The HTTP endpoint as a companion of the worker: uvicorn in a thread of its own."""

from __future__ import annotations

import logging
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from services.billing.endpoint.protocol import CONCURRENCY, bounded
from services.billing.endpoint.refusals import Refusals, ServersWarnings
from services.billing.endpoint.security_headers import Headers
from services.billing.repository import BillingRepository
from shared.messaging.service import Runtime

STOP_TIMEOUT_S = 5
HEADER_BYTES = 16 * 1024  # browsers and proxies send one or two KB
BACKLOG = 256  # connections that the kernel keeps until they are accepted


class Endpoint:
    """Listens while the worker runs. The port is taken in `start`, so that a taken one stops the worker at once."""

    def __init__(
        self,
        app: ASGIApp,
        address: tuple[str, int],
        runtime: Runtime[BillingRepository],
        refusals: Refusals,
        headers: Headers,
    ) -> None:
        self._address = address
        self._runtime = runtime
        self._refusals = refusals
        self._warnings = ServersWarnings(refusals)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=bounded(refusals, headers),
                ws="none",
                lifespan="off",
                headers=list(headers),
                log_config=None,  # through the worker's own logging
                access_log=False,  # a purchase's id opens its page: it does not belong in a log of addresses
                server_header=False,
                # A peer named in FORWARDED_ALLOW_IPS (127.0.0.1 when it is not set) is believed whom it speaks for.
                proxy_headers=True,
                forwarded_allow_ips=None,
                backlog=BACKLOG,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=STOP_TIMEOUT_S,
                limit_concurrency=CONCURRENCY,
                h11_max_incomplete_event_size=HEADER_BYTES,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="http endpoint", daemon=True)

    def start(self) -> None:
        """Begin to listen. Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.create_server(self._address, family=family, reuse_port=False)
        logging.getLogger("uvicorn.error").addFilter(self._warnings)
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, then close."""
        self._server.should_exit = True
        self._thread.join(STOP_TIMEOUT_S + 1)
        self._socket.close()
        logging.getLogger("uvicorn.error").removeFilter(self._warnings)
        self._refusals.say_the_rest()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as error:
            self._runtime.fail("http endpoint", error)
            return
        if not self._server.should_exit:
            self._runtime.fail("http endpoint", RuntimeError("the endpoint ended by itself"))
