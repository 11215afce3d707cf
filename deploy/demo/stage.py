"""Where the story plays: the world's parts, and the few gestures its people make."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from deploy.demo.narrator import Narrator
from deploy.demo.oracles import Books, StripeJournal
from deploy.demo.scene import MailboxOfScene, Scene, WorkerOfScene
from deploy.demo.witness import PATIENCE_S, Witness
from deploy.local.run_folder import PROJECT
from deploy.stripe_sandbox.control import SandboxControl
from services.cli.client import Client
from services.cli.trace import read_trace
from shared.contracts import catalog
from shared.contracts.credit_ledger import CreditsBurned, PurchaseCredited
from shared.contracts.message import Message
from shared.contracts.notification import Channel, NoticeDelivered, NoticeKind
from shared.contracts.product import UsageReported
from shared.contracts.top_up_commands import PurchaseTopUp, Quote, QuoteTopUp
from shared.contracts.top_up_events import CommandRefused, TopUpQuoted
from shared.contracts.workspace import MemberChanged, Role, WorkspaceChanged

WORKSPACE = "acme"
EXAMPLES = PROJECT / "examples"
CRASH_VARIABLE = "CRASH_AT"


@dataclass(frozen=True)
class Bought:
    """A finished purchase, and how long its editors waited."""

    command: PurchaseTopUp
    credited: PurchaseCredited
    spendable_after_ms: float

    @property
    def purchase_id(self) -> str:
        return self.command.purchase_id


@dataclass(frozen=True)
class Letter:
    """A mail as it arrived, the parts that people read."""

    to: str
    subject: str
    text: str


class Mails:
    """What the mail server took in."""

    def __init__(self, mailbox: MailboxOfScene) -> None:
        self._mailbox = mailbox

    def newest_to(self, address: str) -> Letter:
        """The last mail to this address."""
        mail = [mail for mail in self._mailbox.mails() if mail.recipients == (address,)][-1].message
        body = mail.get_body(preferencelist=("plain",))
        assert body is not None, "a mail without a text part"
        return Letter(address, str(mail["Subject"]), str(body.get_content()))


class Workers:
    """The three workers, to be stopped, killed and started again."""

    def __init__(self, workers: Mapping[str, WorkerOfScene]) -> None:
        self._workers = workers

    def start(self, service: str) -> None:
        self._workers[service].start()

    def restart(self, service: str, *, crash_at: str) -> None:
        """Drain and end the worker, start another that will be killed at a named border."""
        self._workers[service].restart({CRASH_VARIABLE: crash_at})

    def wait_for_exit(self, service: str, timeout_s: float = 60) -> int | None:
        """The exit code of a worker that ends by itself; None when it does not in time."""
        deadline = time.monotonic() + timeout_s
        while self._workers[service].running and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._workers[service].exit_code


@dataclass
class Stage:
    """One playing of the story."""

    narrator: Narrator
    witness: Witness
    client: Client
    mails: Mails
    sandbox: SandboxControl
    workers: Workers
    journal: StripeJournal
    books: Books
    workspace: WorkspaceChanged
    roles: dict[str, MemberChanged]
    request_id: str = ""
    first_purchase: Bought = field(init=False)

    @classmethod
    def open(cls, world: Scene, narrator: Narrator) -> Stage:
        """The stage on a started world. Its people write as edge, products and upstream; it watches as the edge."""
        directory = [json.loads(line) for line in (EXAMPLES / "directory.jsonl").read_text().splitlines()]
        members = [MemberChanged.read(event["data"]) for event in directory if event["type"] == MemberChanged.type]
        return cls(
            narrator=narrator,
            witness=Witness(world.kafka("edge")),
            client=Client(world.kafka("edge"), writers=world.writers()),
            mails=Mails(world.mailbox),
            sandbox=SandboxControl(world.sandbox_url),
            workers=Workers(world.workers),
            journal=StripeJournal(world.journal),
            books=Books(world.auditor_url, world.environment_of("auditor")),
            workspace=next(WorkspaceChanged.read(e["data"]) for e in directory if e["type"] == WorkspaceChanged.type),
            roles={member.user_id: member for member in members},
        )

    def close(self) -> None:
        self.witness.close()
        self.client.close()

    @staticmethod
    def new_id() -> str:
        return str(uuid4())

    def send(self, command: Message) -> str:
        """Put a command on its topic. Returns the correlation id that its answers carry."""
        return self.client.send(catalog.TOP_UP_COMMANDS, command)

    def ask(self, command: Message, *answers: type[Message]) -> Message:
        """Send a command and wait for its answer."""
        return self.witness.answer(self.send(command), *answers)

    def quote(self, actor: str, package: str, *editors: str) -> Quote:
        """What the buyer reviews. Raises `AssertionError` when billing refuses to quote."""
        command = QuoteTopUp(workspace_id=WORKSPACE, actor_id=actor, package_id=package, user_ids=editors)
        answer = self.ask(command, TopUpQuoted, CommandRefused)
        assert isinstance(answer, TopUpQuoted), answer
        return answer.quote

    def quote_of_version(self, version: int, actor: str, package: str, *editors: str) -> Quote:
        """Ask until this version of the catalog is in force at billing."""
        quotes: list[Quote] = []

        def in_force() -> bool:
            quotes.append(self.quote(actor, package, *editors))
            return quotes[-1].catalog_version == version

        _until(in_force, f"catalog version {version} is in force")
        return quotes[-1]

    def purchase_command(self, actor: str, quote: Quote, request_id: str | None = None) -> PurchaseTopUp:
        """A new purchase of what was reviewed."""
        return PurchaseTopUp(
            workspace_id=WORKSPACE, actor_id=actor, purchase_id=self.new_id(), quote=quote, request_id=request_id
        )

    def buy(self, actor: str, quote: Quote, request_id: str | None = None) -> Bought:
        """Buy, and wait until the credits are spendable."""
        command = self.purchase_command(actor, quote, request_id)
        started = time.monotonic()
        self.send(command)
        credited = self.witness.wait(
            PurchaseCredited, lambda event: event.purchase_id == command.purchase_id, "the purchase is credited"
        )
        return Bought(command, credited, 1000 * (time.monotonic() - started))

    def use(self, user: str, usage_id: str, credits: int) -> None:
        """Report one usage as a product does."""
        usage = UsageReported(
            usage_id=usage_id, workspace_id=WORKSPACE, user_id=user, occurred_at=datetime.now(UTC), credits=credits
        )
        self.client.send(catalog.PRODUCT_USAGE, usage)

    def replay_trace(self, user: str) -> int:
        """Send the excerpt of the trace as usage of one editor. Returns the number of usages."""
        usages = list(read_trace(EXAMPLES / "usage-trace.csv", workspace_id=WORKSPACE, user_id=user))
        self.client.send_many(catalog.PRODUCT_USAGE, usages)
        return len(usages)

    def load_examples(self) -> None:
        """What stands upstream before the story begins: a workspace, its people, and what is for sale."""
        for file, topic in (
            ("directory.jsonl", catalog.WORKSPACE_DIRECTORY),
            ("contacts.jsonl", catalog.WORKSPACE_CONTACT),
        ):
            for line in (EXAMPLES / file).read_text(encoding="utf-8").splitlines():
                event = json.loads(line)
                message_type = topic.message_of(event["type"])
                assert message_type is not None, f"{file} holds {event['type']}"
                self.client.send(topic, message_type.read(event["data"]))
        self.publish("catalog.json")

    def publish(self, example: str) -> None:
        """Publish a catalog from the examples."""
        event = json.loads((EXAMPLES / example).read_text())
        message = catalog.PRICE_CATALOG.messages[0].read(event["data"])
        self.client.send(catalog.PRICE_CATALOG, message)

    def change_workspace(self, **changes: str) -> None:
        """What the identity service writes when the plan or the saved card changes. Waits until it is consumed."""
        changed = {**self.workspace.model_dump(), **changes, "version": self.workspace.version + 1}
        self.workspace = WorkspaceChanged.read(changed)
        self._tell_directory(self.workspace)

    def change_role(self, user: str, role: Role) -> None:
        """The same for a member's role."""
        member = self.roles[user]
        self.roles[user] = member.model_copy(update={"role": role, "version": member.version + 1})
        self._tell_directory(self.roles[user])

    def set_plan(self, plan: str) -> Callable[[], None]:
        """A change of plan, to be made later."""
        return lambda: self.change_workspace(plan=plan)

    def set_role(self, user: str, role: Role) -> Callable[[], None]:
        """A change of role, to be made later."""
        return lambda: self.change_role(user, role)

    def notice(self, person: str, kind: NoticeKind, channel: Channel) -> NoticeDelivered:
        """Wait until a person was told."""
        return self.witness.wait(
            NoticeDelivered,
            lambda notice: (notice.user_id, notice.kind, notice.channel) == (person, kind, channel),
            f"{person} gets {kind}, {channel}",
        )

    def burned(self, user: str, credits: int) -> CreditsBurned:
        """Wait until a usage of this size was burned."""
        return self.witness.wait(
            CreditsBurned,
            lambda event: event.user_id == user and event.credits == credits,
            f"{user}'s usage of {credits:,} credits is burned",
        )

    def _tell_directory(self, message: Message) -> None:
        self.client.send(catalog.WORKSPACE_DIRECTORY, message)
        ends = self.client.ends(catalog.WORKSPACE_DIRECTORY)
        for schema in ("billing", "credit_ledger"):
            self._wait_for(schema, catalog.WORKSPACE_DIRECTORY.name, ends)

    def _wait_for(self, schema: str, topic: str, ends: Mapping[int, int]) -> None:
        _until(lambda: self.books.has_consumed(schema, topic, ends), f"{schema} has consumed {topic}")


def _until(holds: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain until {what}"
        time.sleep(0.02)
