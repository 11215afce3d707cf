"""The world in containers: what a story needs of a compose project that is up."""

from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from deploy.compose.maildev import MailDev
from deploy.compose.project import CLUSTER_FILE, Project
from deploy.compose.worker import ContainerWorker
from deploy.kafka.rights import SUPER_USER
from deploy.local.environment import kafka_environment
from deploy.local.ports import LOOPBACK
from deploy.local.principals import password_variable
from deploy.local.worker import WORKERS
from deploy.local.world import PLAYED_BY_A_PERSON
from deploy.postgres.roles import AUDITOR, URL_VARIABLES
from shared.messaging.settings import KafkaSettings

DATABASE = "refill"
BROKER_PORTS = ("REFILL_PORT_KAFKA", "REFILL_PORT_KAFKA_2", "REFILL_PORT_KAFKA_3")
SANDBOX = "stripe-sandbox"
SANDBOX_DATA = "/data"
JOURNAL = "stripe-journal.jsonl"


class ContainerWorld:
    """Made before the project is up: it puts a folder of the run in the place of the volume in which the sandbox keeps
    its journal, so that the journal is read from disk and nobody's word is taken for it."""

    topic_prefix = ""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.workers = {name: ContainerWorker(project, name) for name in WORKERS}
        folder = project.run.path / "stripe"
        folder.mkdir()
        folder.chmod(0o777)  # the sandbox writes as a user whom this machine does not know; the run's folder is ours
        project.override.mount(SANDBOX, folder, SANDBOX_DATA)
        self.journal: Path = folder / JOURNAL
        self._broker_ports = BROKER_PORTS if CLUSTER_FILE in project.files else BROKER_PORTS[:1]
        self._mailbox: MailDev | None = None

    @property
    def sandbox_url(self) -> str:
        """The Stripe sandbox, as this machine reaches it."""
        return f"http://{LOOPBACK}:{self.project.port('REFILL_PORT_STRIPE')}"

    @property
    def mailbox(self) -> MailDev:
        """The mails that notification sent."""
        if self._mailbox is None:
            self._mailbox = MailDev(f"http://{LOOPBACK}:{self.project.port('REFILL_PORT_MAILDEV')}")
        return self._mailbox

    @property
    def auditor_url(self) -> str:
        """The role that reads billing's and the ledger's books."""
        return self.database_url("auditor-database-url")

    @property
    def superuser_url(self) -> str:
        """For witnesses that must see everything."""
        return self.database_url("postgres-admin-url")

    def database_url(self, secret: str) -> str:
        """The address in this secret, as this machine reaches it: `billing-database-url` for billing's worker."""
        name_and_password, _, _ = self._secret(secret).rpartition("@")
        return f"{name_and_password}@{LOOPBACK}:{self.project.port('REFILL_PORT_POSTGRES')}/{DATABASE}"

    def kafka(self, name: str) -> KafkaSettings:
        """How a party of the catalog reaches Kafka from this machine, or `admin`, who may do everything."""
        return KafkaSettings(
            bootstrap=tuple(f"{LOOPBACK}:{self.project.port(port)}" for port in self._broker_ports),
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            username=name,
            password=SecretStr(self._secret(f"kafka-{name}-password")),
        )

    def writers(self) -> dict[str, KafkaSettings]:
        """The parties that a person at the command line plays, each with its own name at Kafka."""
        return {party: self.kafka(party) for party in PLAYED_BY_A_PERSON}

    def environment_of(self, process: str) -> dict[str, str]:
        """The settings of the `auditor`, or of the `command-line`, that plays the edge, the products and upstream."""
        auditors = {URL_VARIABLES[AUDITOR]: self.auditor_url}
        if process == "auditor":
            return auditors
        assert process == "command-line", f"{process} runs in a container, with settings of its own"
        nobody = replace(self.kafka(SUPER_USER), username=None, password=None)
        passwords = {password_variable(party): self._secret(f"kafka-{party}-password") for party in PLAYED_BY_A_PERSON}
        return {**auditors, **kafka_environment(nobody), **passwords}

    def _secret(self, name: str) -> str:
        return (self.project.secrets / name).read_text(encoding="utf-8").rstrip("\n")
