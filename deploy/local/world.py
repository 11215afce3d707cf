"""A world: one database, one family of topics, a Stripe sandbox, a mail server and the workers between them.

Worlds share a broker and a PostgreSQL server and nothing else. `make up` and `make demo` live in one world without a
topic prefix; every end-to-end test makes its own.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from deploy.kafka import access
from deploy.kafka.rights import SUPER_USER
from deploy.kafka.topics import with_partitions
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
from deploy.local.principals import Principals, password_variable
from deploy.local.program import Launch, launch_here
from deploy.local.run_folder import PROJECT, RunFolder
from deploy.local.trouble import Trouble
from deploy.local.worker import WORKERS, Worker
from deploy.postgres.roles import AUDITOR, URL_VARIABLES, migrator, worker
from shared.messaging.settings import KafkaSettings
from shared.messaging.topic_setup import create_topics

PLAYED_BY_A_PERSON = ("edge", "operator", "products", "upstream")
# A broker on the same machine answers or is dead, and the successor of a killed relay waits this long.
RELAY_PATIENCE = {"REFILL_RELAY_DELIVERY_TIMEOUT_MS": "4000"}
STEP_TIMEOUT_S = 90  # migrations and topics take a second or two; more on a machine that does much else


class World:
    """Everything one story needs, each part startable, killable and readable by itself."""

    def __init__(
        self,
        run: RunFolder,
        kafka: KafkaSettings,
        cluster: Cluster,
        *,
        database: str,
        topic_prefix: str = "",
        settings: Mapping[str, str] | None = None,
        launch: Launch = launch_here,
    ) -> None:
        """Nothing starts yet. `kafka` is how the super user reaches the broker; a prefix in it does not count.
        `database` names the world's database, which must not exist.

        `settings` are added to the environment of every process of the world. `launch` starts workers and jobs.
        """
        self._run = run
        self._cluster = cluster
        self.database = database
        self.topic_prefix = topic_prefix
        self.folder = run.path / f"world-{database}"
        self.journal = self.folder / "stripe-journal.jsonl"
        self._principals = Principals(replace(kafka, prefix=topic_prefix))
        self._nobody = replace(kafka, prefix=topic_prefix, username=None, password=None)
        self._settings = dict(settings or {})
        self._launch = launch
        self.environment: dict[str, str] = {
            **kafka_environment(self._nobody),
            **cluster.environment(database),
            **self._settings,
        }
        """What the story's author may look up: every address of the world. No process is given all of it."""
        self._keys = Keys.generate()
        self._billing_port = free_port()
        self.mailbox = Mailbox(run, self.folder)
        self._secret_file = self.folder / "stripe-webhook-secret"
        self.sandbox = self._make_sandbox()
        self.workers: dict[str, Worker] = {}

    def start(self) -> None:
        """Starts the sandbox and the mail server, makes the topics and the migrated database. Workers come after."""
        self.folder.mkdir(parents=True)
        self._secret_file.touch(0o600)  # not among the sandbox's words: those are seen by whoever lists processes
        self._secret_file.write_text(self._keys.stripe_webhook_secret)
        self._all_at_once(
            self.sandbox.start,
            self.mailbox.server.start,
            self._create_topics,
            self._give_rights,
            self._create_database,
        )
        for service in WORKERS:
            self.environment.update(self._outside_of(service))
        self.workers = {
            name: Worker(name, self._run, self.folder, self.environment_of(name), self._launch) for name in WORKERS
        }

    @property
    def sandbox_url(self) -> str:
        """The Stripe sandbox of the started world."""
        return f"http://{LOOPBACK}:{self.sandbox.port}"

    @property
    def auditor_url(self) -> str:
        """The database, for the role that reads billing's and the ledger's books."""
        return self._cluster.url(self.database, AUDITOR)

    @property
    def superuser_url(self) -> str:
        """The database, for the server's superuser."""
        return self._cluster.url(self.database)

    def kafka(self, name: str) -> KafkaSettings:
        """How a party of the catalog reaches this world's topics, or `admin`, who may do everything."""
        return self._principals.settings(name)

    def writers(self) -> dict[str, KafkaSettings]:
        """The parties that a person at the command line plays, each with its own name at Kafka."""
        return {party: self.kafka(party) for party in PLAYED_BY_A_PERSON}

    def environment_of(self, process: str) -> dict[str, str]:
        """The settings of one process of the started world, with its own secrets and nobody else's.

        `process` is a worker (`billing`, `credit_ledger`, `notification`), `auditor`, or `command-line`: that plays the
        edge, the products and upstream, and may read as the auditor.
        """
        own = {"auditor": self._auditors, "command-line": self._persons}.get(process) or partial(self._workers, process)
        return {**own(), **self._settings}

    def start_workers(self, services: Iterable[str] = WORKERS, environment: Mapping[str, str] | None = None) -> None:
        """Starts the named workers, all by default, with settings of this one start added."""
        for service in services:
            self.workers[service].start(environment)

    def stop(self) -> None:
        """Ends workers first, then what they talk to. The database, the topics and the files stay."""
        self._all_at_once(*(worker.stop for worker in self.workers.values()))
        self._all_at_once(self.sandbox.stop, self.mailbox.server.stop)

    def drop(self) -> None:
        """Drops the database and the access rules, for servers that go on to serve other worlds."""
        self._cluster.drop(self.database)
        access.withdraw(self.kafka(SUPER_USER))

    def _auditors(self) -> dict[str, str]:
        return self._database_of(AUDITOR)

    def _persons(self) -> dict[str, str]:
        told = ("REFILL_BILLING_PUBLIC_URL", "REFILL_STRIPE_API_BASE", "REFILL_SMTP_HOST", "REFILL_SMTP_PORT")
        return {
            **kafka_environment(self._nobody),
            **{name: value for name, value in self.environment.items() if name in told},
            **self._auditors(),
            **{password_variable(party): self._principals.password(party) for party in PLAYED_BY_A_PERSON},
        }

    def _workers(self, service: str) -> dict[str, str]:
        return {
            **kafka_environment(self.kafka(service.replace("_", "-"))),
            **RELAY_PATIENCE,
            **self._database_of(worker(service)),
            **self._outside_of(service),
        }

    def _outside_of(self, service: str) -> dict[str, str]:
        """What a service finds outside of Kafka and PostgreSQL."""
        if service == "billing":
            return billing_environment(self._billing_port, self.sandbox.port, self._keys)
        if service == "notification":
            return notification_environment(self.mailbox.server.port)
        return {}

    def _database_of(self, role: str) -> dict[str, str]:
        return {URL_VARIABLES[role]: self._cluster.url(self.database, role)}

    def _make_sandbox(self) -> Listener:
        webhook_url = f"http://{LOOPBACK}:{self._billing_port}{WEBHOOK_PATH}"
        options = {
            "--journal": str(self.journal),
            "--webhook-url": webhook_url,
            "--webhook-secret-file": str(self._secret_file),
        }
        words = [word for option in options.items() for word in option]
        return Listener(
            "stripe-sandbox", [sys.executable, "-m", "deploy.stripe_sandbox", *words], self._run, self.folder
        )

    def _create_topics(self) -> None:
        partitions = self._settings.get("REFILL_TOPIC_PARTITIONS")
        create_topics(self.kafka(SUPER_USER), with_partitions(int(partitions) if partitions else None))

    def _give_rights(self) -> None:
        access.apply(self.kafka(SUPER_USER), self._principals.passwords())

    def _create_database(self) -> None:
        self._cluster.create_migrated(self.database, self._migrate, f"refill_template_{migrations_fingerprint()}")

    def _migrate(self, connections: Mapping[str, str]) -> None:
        def migrate(service: str) -> None:
            variable = URL_VARIABLES[migrator(service)]
            self._run_step(f"services.{service}", "migrate", {variable: connections[variable]})

        self._all_at_once(*(partial(migrate, service) for service in WORKERS))

    def _run_step(self, module: str, command: str, environment: Mapping[str, str]) -> None:
        """Runs `python -m <module> <command>` to its end. Raises Trouble with what it said when it fails."""
        name = f"{module.rpartition('.')[2]}-{command}"
        log = self.folder / f"{name}.log"
        step = self._launch(name, [module, command], self._run, log=log, environment=environment)
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


def migrations_fingerprint() -> str:
    """Names a template database by the migrations in it, so that a server that outlives a change makes a new one."""
    digest = hashlib.sha256()
    for pattern in ("services/*/migrations/*", "shared/**/migrations/*", "deploy/postgres/*"):
        for path in sorted(path for path in PROJECT.glob(pattern) if path.is_file()):
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
