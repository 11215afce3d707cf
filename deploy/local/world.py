"""A world: one database, one family of topics, a Stripe sandbox, a mail server and the workers between them.

Worlds share a broker and a PostgreSQL server and nothing else. `make up` and `make demo` live in one world without a
topic prefix; every end-to-end test makes its own.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from deploy.local.child import Child
from deploy.local.cluster import Cluster
from deploy.local.environment import (
    WEBHOOK_PATH,
    Keys,
    billing_environment,
    kafka_environment,
    notification_environment,
)
from deploy.local.listener import Listener
from deploy.local.mailbox import Mailbox
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.run_folder import PROJECT, RunFolder
from deploy.local.trouble import Trouble
from deploy.local.worker import WORKERS, Worker

STEP_TIMEOUT_S = 90  # migrations and topics take a second or two; more on a machine that does much else


class World:
    """Everything one story needs, each part startable, killable and readable by itself."""

    def __init__(
        self,
        run: RunFolder,
        bootstrap: str,
        cluster: Cluster,
        *,
        database: str,
        topic_prefix: str = "",
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing starts yet. `database` names the world's database, which must not exist.

        `settings` are added to the environment of every process of the world.
        """
        self._run = run
        self._cluster = cluster
        self.database = database
        self.topic_prefix = topic_prefix
        self.folder = run.path / f"world-{database}"
        self.journal = self.folder / "stripe-journal.jsonl"
        self.environment: dict[str, str] = {
            **kafka_environment(bootstrap, topic_prefix),
            **cluster.environment(database),
            **(settings or {}),
        }
        self._keys = Keys.generate()
        self._billing_port = free_port()
        self.mailbox = Mailbox(run, self.folder)
        self.sandbox = self._make_sandbox()
        self.workers: dict[str, Worker] = {}

    def start(self) -> None:
        """Starts the sandbox and the mail server, makes the topics and the migrated database. Workers come after."""
        self.folder.mkdir(parents=True)
        self._all_at_once(self.sandbox.start, self.mailbox.server.start, self._create_topics, self._create_database)
        self.environment.update(billing_environment(self._billing_port, self.sandbox.port, self._keys))
        self.environment.update(notification_environment(self.mailbox.server.port))
        self.workers = {name: Worker(name, self._run, self.folder, self.environment) for name in WORKERS}

    def start_workers(self, services: Iterable[str] = WORKERS, environment: Mapping[str, str] | None = None) -> None:
        """Starts the named workers, all by default, with settings of this one start added."""
        for service in services:
            self.workers[service].start(environment)

    def stop(self) -> None:
        """Ends workers first, then what they talk to. The database, the topics and the files stay."""
        self._all_at_once(*(worker.stop for worker in self.workers.values()))
        self._all_at_once(self.sandbox.stop, self.mailbox.server.stop)

    def drop(self) -> None:
        """Drops the database, for a server that goes on to serve other worlds."""
        self._cluster.drop(self.database)

    def _make_sandbox(self) -> Listener:
        webhook_url = f"http://{LOOPBACK}:{self._billing_port}{WEBHOOK_PATH}"
        options = {
            "--journal": str(self.journal),
            "--webhook-url": webhook_url,
            "--webhook-secret": self._keys.stripe_webhook_secret,
        }
        words = [word for option in options.items() for word in option]
        return Listener(
            "stripe-sandbox", [sys.executable, "-m", "deploy.stripe_sandbox", *words], self._run, self.folder
        )

    def _create_topics(self) -> None:
        self._run_step("deploy.topics", "create")

    def _create_database(self) -> None:
        self._cluster.create_migrated(self.database, self._migrate, f"refill_template_{_migrations_fingerprint()}")

    def _migrate(self, connections: Mapping[str, str]) -> None:
        self._all_at_once(
            *(partial(self._run_step, f"services.{service}", "migrate", connections) for service in WORKERS)
        )

    def _run_step(self, module: str, command: str, environment: Mapping[str, str] | None = None) -> None:
        """Runs `python -m <module> <command>` to its end. Raises Trouble with what it said when it fails."""
        name = f"{module.rpartition('.')[2]}-{command}"
        log = self.folder / f"{name}.log"
        settings = {**self.environment, **(environment or {})}
        step = Child(name, [sys.executable, "-m", module, command], self._run, log=log, environment=settings)
        try:
            code = step.wait(STEP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            code = step.kill()
        if code != 0:
            raise Trouble(f"python -m {module} {command} failed ({code}); the end of {log}:\n{step.log_tail()}")

    def _all_at_once(self, *steps: Callable[[], object]) -> None:
        """Runs the steps side by side, waits for all, and raises the first error: nothing goes on behind the caller."""
        with ThreadPoolExecutor(max(1, len(steps))) as pool:
            running = [pool.submit(step) for step in steps]
        for step in running:
            step.result()


def _migrations_fingerprint() -> str:
    """Names the template database by the migrations in it, so that a server that outlives a change makes a new one."""
    digest = hashlib.sha256()
    for pattern in ("services/*/migrations/*", "shared/**/migrations/*", "deploy/postgres/*"):
        for path in sorted(path for path in PROJECT.glob(pattern) if path.is_file()):
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
