"""PostgreSQL 18 in a container, as `deploy.local.postgres.PostgresServer` is one in a process."""

from __future__ import annotations

import secrets
import time
from functools import partial

import psycopg
from psycopg.conninfo import make_conninfo

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import PAUSE_S, SETTINGS, START_ATTEMPTS, START_TIMEOUT_S, SUPERUSER
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until
from tests.stack.containers.engine import container_of
from tests.stack.containers.server import Restartable, Server

IMAGE = "postgres:18"
DATA = "/var/lib/postgresql"
LOST_PORT = "Address already in use"
LEFT_TO_THE_IMAGE = ("unix_socket_directories",)  # its entry script meets the server there
# The builtin provider sorts alike on every platform, whatever locales the image has.
LOCALE = "--locale=C --locale-provider=builtin --builtin-locale=C.UTF-8"
# The image trusts whoever comes from 127.0.0.1, and on the host's network all tests do: a password must be asked for.
PASSWORDS = "--auth-host=scram-sha-256"


class PostgresContainer(Restartable):
    """A server of one run. The address stays the same over restarts."""

    def __init__(self, run: RunFolder, name: str = "postgres", *, in_memory: bool = False) -> None:
        """With `in_memory` its data does not outlive the container: such a server is not to be killed."""
        self._run = run
        self._in_memory = in_memory
        self._password = secrets.token_urlsafe(24)
        self._port = 0

    @property
    def url(self) -> str:
        """The superuser's connection string to the maintenance database."""
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self._port}/postgres"

    def start(self) -> None:
        """Makes the cluster on the first call, starts the server, and returns when it answers queries.

        Raises Trouble with the end of its log when it does not start.
        """
        for _ in range(START_ATTEMPTS):  # another process may win the port between our look and the bind
            port = self._port or free_port()
            server = self._begin(port)
            wait_until(partial(self._answers_or_ended, server, port), START_TIMEOUT_S, "PostgreSQL")
            if server.running:
                self._port, self._server = port, server
                return
            if LOST_PORT not in server.said():
                break
            if not self._port:
                server.remove()
            time.sleep(PAUSE_S)
        raise Trouble(f"PostgreSQL did not start; the end of what it said:\n{server.said()}")

    def stop_at_once(self) -> None:
        """An immediate shutdown: no checkpoint, the next start recovers from the log."""
        if self.running:
            self._started.kill("SIGQUIT")

    def _begin(self, port: int) -> Server:
        if self._server is not None:
            self._server.start()
            return self._server
        settings = {name: value for name, value in SETTINGS.items() if name not in LEFT_TO_THE_IMAGE}
        options = [f"--{name}={value}" for name, value in {**settings, "port": str(port)}.items()]
        container = container_of(self._run.path, IMAGE)
        container.with_envs(
            POSTGRES_USER=SUPERUSER, POSTGRES_PASSWORD=self._password, POSTGRES_INITDB_ARGS=f"{LOCALE} {PASSWORDS}"
        )
        if self._in_memory:
            container.with_tmpfs_mount(DATA)
        return Server(container.with_command(["postgres", *options]))

    def _answers_or_ended(self, server: Server, port: int) -> bool:
        return self._answers(port) or not server.running

    def _answers(self, port: int) -> bool:
        """Nobody else's server on that port would take this password."""
        conninfo = make_conninfo(
            host=LOOPBACK, port=port, user=SUPERUSER, password=self._password, dbname="postgres", connect_timeout=5
        )
        try:
            with psycopg.connect(conninfo) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True
