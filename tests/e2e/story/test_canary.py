"""Secrets and people are found nowhere but where they belong, after a whole story with all its faults (case 23)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import psycopg
import pytest

from deploy.local.cluster import Cluster
from deploy.local.run_folder import PROJECT
from deploy.local.world import World
from shared.contracts import catalog
from shared.contracts.credit_ledger import CreditsGranted, PurchaseCredited
from shared.contracts.holds import HoldCredits, HoldPlaced
from shared.contracts.notification import EmailPreferenceSet, NoticeDelivered
from shared.contracts.notification_commands import SetEmailPreference
from shared.contracts.operator_commands import GrantCredits, ProposeOperatorRefund
from shared.contracts.refunds import RefundProposed
from shared.contracts.top_up_commands import RequestTopUp
from shared.contracts.top_up_events import PurchaseAccepted, TopUpRequested
from shared.messaging.settings import KafkaSettings
from tests.e2e.story.canary import Canary, Written, files, leaks, records, rows, secrets_in
from tests.e2e.story.conftest import Played
from tests.e2e.town import PACKAGE, Household, Town, contact, event_of, line, purchase_command, workspace
from tests.e2e.waiting import wait_until
from tests.stack.shared_server import run_folders

pytestmark = [pytest.mark.case(23), pytest.mark.timeout(600)]

PROCESSES = ("billing", "credit_ledger", "notification", "auditor", "command-line")
MARK = uuid4().hex
PERSON, ADDRESS, WORKSPACE, WRONG = f"person{MARK}", f"mail{MARK}", f"space{MARK}", f"wrong{MARK}"

# People are known on one topic and in one table, and to their own mail server. A workspace's name stands in the
# directory, and where mails are made.
OF_PEOPLE = ("topic/workspace.contact.v1", "table/notification.contacts", "mail/")
# Stripe, played by the sandbox, knows client secrets and the secret it signs with; the file hands that to the sandbox.
OF_STRIPE = ("log/stripe-journal.state.jsonl", "log/stripe-webhook-secret")
OF_WORKSPACES = ("topic/workspace.directory.v1", "table/notification.workspaces", "mail/")


def people() -> list[Canary]:
    """Those of the examples' workspace, and of a household of ours with names as people should not type them."""
    return [
        Canary("the name of a person", PERSON, OF_PEOPLE),
        Canary("the address of a person", ADDRESS, OF_PEOPLE),
        Canary("the name of a workspace", WORKSPACE, OF_WORKSPACES),
        Canary("the name of the story's owner", "Olivia Owner", OF_PEOPLE),
        Canary("the addresses of the story's people", "@acme.example", OF_PEOPLE),
        Canary("the name of the story's workspace", "Acme Studio", OF_WORKSPACES),
    ]


class Scenery(NamedTuple):
    """The world and the servers beneath it."""

    world: World
    superuser_url: str

    def secrets(self) -> list[Canary]:
        """Everybody's, and what was given instead of a right one."""
        own = chain.from_iterable(secrets_in(self.world.environment_of(process)) for process in PROCESSES)
        admin = self.world.kafka("admin").password
        assert admin
        return [
            *map(_known_to_stripe, own),
            *map(_known_to_stripe, secrets_in(self.world.environment)),
            *secrets_in(
                {"SUPERUSER_DATABASE_URL": self.superuser_url, "ADMIN_KAFKA_PASSWORD": admin.get_secret_value()}
            ),
            *(self._kafka(party) for party in catalog.PARTIES),
            Canary("a wrong secret", WRONG),
        ]

    def writings(self) -> Iterator[Written]:
        """Everything that any process of the world wrote: files, topics, tables; and the servers' logs."""
        mail = self.world.mailbox.folder
        yield from files(self.world.folder, "log", besides=(mail,))
        yield from files(mail, "mail")
        for folder in run_folders():
            data = tuple(folder.glob("*/data"))  # of Kafka and PostgreSQL: looked into by topic and table
            yield from files(folder, "server", besides=(self.world.folder, *data), pattern="*.log")
        yield from records(self.world.kafka("admin"))
        yield from rows(self.superuser_url)

    def _kafka(self, party: str) -> Canary:
        password = self.world.kafka(party).password
        assert password
        return Canary(f"the Kafka password of {party}", password.get_secret_value())


def test_after_a_story_with_faults_no_secret_and_no_person_stands_where_they_do_not_belong(
    played: Played, cluster: Cluster, tmp_path: Path
) -> None:
    scenery = Scenery(played.world, cluster.url(played.world.database))
    canaries = [*scenery.secrets(), *people()]

    play_the_household(scenery)
    said = start_wrongly(played.world, tmp_path)

    found = [*scenery.writings(), *said]
    assert not (leaked := leaks(canaries, found, OF_STRIPE)), "\n".join(leaked)
    assert_all_was_looked_at(found, canaries)
    planted = {plant(scenery) for plant in (into_a_log, into_a_topic, into_a_header, into_a_table, into_a_dead_letter)}
    assert {leak.rpartition(" ")[2] for leak in leaks(canaries, scenery.writings(), OF_STRIPE)} == planted


def _known_to_stripe(secret: Canary) -> Canary:
    return replace(secret, allowed=OF_STRIPE) if secret.what == "REFILL_STRIPE_WEBHOOK_SECRET" else secret


def play_the_household(scenery: Scenery) -> None:
    """People with markup in their names ask and buy, while their mail server refuses and a bug quotes their row."""
    town = Town(*scenery)
    try:
        home = hostile_household(town)
        scenery.world.mailbox.behave("reject")
        ask(town, home)
        scenery.world.mailbox.behave("accept")
        town.ask(purchase_command(home, town.quote(home)), PurchaseAccepted)
        told(town, home.person("owner"), "purchase_receipt")
        hold(town, home)
        choose(town, home)
        poison_with_people(town, home)
        operate(scenery, town, home)
        meet_a_bug_that_quotes(scenery, town, home)
    finally:
        town.close()


def hostile_household(town: Town) -> Household:
    home = town.household(workspace_name=f"<b>{WORKSPACE}</b>\r\nBcc: x@y.test", person_name=f"<i>{PERSON}</i>")
    for role in ("owner", "admin", "editor"):
        town.client.send(
            catalog.WORKSPACE_CONTACT,
            contact(home, role, name=f'"{PERSON}" {{{{ 7 * 7 }}}}').model_copy(
                update={"version": 2, "email": f"{role}@{ADDRESS}.test"}
            ),
        )
    town.client.send(catalog.WORKSPACE_DIRECTORY, workspace(home, name=f"{WORKSPACE} & Söhne", version=2))
    return home


def ask(town: Town, home: Household) -> None:
    request = RequestTopUp(
        workspace_id=home.name, actor_id=home.person("editor"), request_id=str(uuid4()), package_id=PACKAGE
    )
    town.ask(request, TopUpRequested)
    told(town, home.person("owner"), "top_up_requested", channel="in_app")
    mails = "SELECT count(*) FROM notification.emails WHERE failure = 'refused_by_server'"
    wait_until(lambda: count(town.superuser_url, mails) >= 1, "the mail server has refused")


def hold(town: Town, home: Household) -> None:
    command = HoldCredits(
        workspace_id=home.name, hold_id=str(uuid4()), user_id=home.person("editor"), credits=1, expires_in_s=3_600
    )
    answer = town.witness.answer(town.client.send(catalog.HOLD_COMMANDS, command), HoldPlaced)
    assert isinstance(answer, HoldPlaced)


def choose(town: Town, home: Household) -> None:
    command = SetEmailPreference(user_id=home.person("viewer"), kind="credits_low", by_email=False)
    answer = town.witness.answer(town.client.send(catalog.NOTIFICATION_COMMANDS, command), EmailPreferenceSet)
    assert isinstance(answer, EmailPreferenceSet)


def poison_with_people(town: Town, home: Household) -> None:
    """Contacts that cannot be read: no JSON at all, an address that is two, a name that is no text."""
    two_addresses = event_of(contact(home, "editor", name=PERSON))
    two_addresses["data"]["email"] = f"a@{ADDRESS}.test, b@{ADDRESS}.test"
    no_text = event_of(contact(home, "viewer"))
    no_text["data"]["name"] = {"first": PERSON, "mail": f"{ADDRESS}@x.test"}
    for value in (line(two_addresses), line(no_text), f'{{"name": "{PERSON}", "email": "{ADDRESS}'.encode()):
        place = town.send_raw(catalog.WORKSPACE_CONTACT, value, key=f"{home.name}-poison".encode())
        town.dead_letters(*place, ["notification"])


def operate(scenery: Scenery, town: Town, home: Household) -> None:
    """An operator gives credits, looks at a refund, has the books compared, and puts a letter about people away."""
    bought = town.witness.wait(PurchaseCredited, lambda event: event.workspace_id == home.name, "it is credited")
    of_home = {"workspace_id": home.name, "operator_id": "opal"}
    proposal = {**of_home, "purchase_id": bought.purchase_id, "proposal_id": str(uuid4())}
    command = town.client.send(catalog.BILLING_OPERATOR_COMMANDS, ProposeOperatorRefund.model_validate(proposal))
    town.witness.answer(command, RefundProposed)
    gift = {**of_home, "user_id": home.person("editor"), "grant_id": str(uuid4()), "credits": 5, "reason": "Sorry"}
    command = town.client.send(catalog.LEDGER_OPERATOR_COMMANDS, GrantCredits.model_validate(gift))
    town.witness.answer(command, CreditsGranted)
    # After all these faults our books and the processor's say the same.
    refill(scenery, "reconcile", "--as", "opal")
    discard = ("discard", "--topic", catalog.WORKSPACE_CONTACT.name, "--reason", "asked for upstream")
    refill(scenery, "dead-letters", *discard)


def refill(scenery: Scenery, *words: str) -> None:
    """A command of an operator, which ends well."""
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", *words],
        cwd=PROJECT,
        env={**os.environ, **scenery.world.environment_of("command-line")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def meet_a_bug_that_quotes(scenery: Scenery, town: Town, home: Household) -> None:
    """PostgreSQL quotes the whole row in the detail of a violated constraint."""
    worker = scenery.world.workers["notification"]
    constraint = "ALTER TABLE notification.contacts ADD CONSTRAINT seeded_bug CHECK (version < 1000) NOT VALID"
    execute(scenery.superuser_url, constraint)
    late = contact(home, "owner", name=PERSON).model_copy(update={"version": 1000, "email": f"o@{ADDRESS}.test"})
    town.client.send(catalog.WORKSPACE_CONTACT, late)
    wait_until(lambda: not worker.running, "notification stops at the bug")
    assert "contacts" in worker.log.read_text()
    execute(scenery.superuser_url, "ALTER TABLE notification.contacts DROP CONSTRAINT seeded_bug")
    worker.start()
    known = "SELECT count(*) FROM notification.contacts WHERE version = 1000"
    wait_until(lambda: count(scenery.superuser_url, known) == 1, "notification goes on behind the bug")


def start_wrongly(world: World, folder: Path) -> list[Written]:
    """Workers with settings that hold a secret in the wrong place; and commands of a person with wrong ones."""
    mistaken = folder / "secret"
    mistaken.write_text(WRONG)
    for worker in world.workers.values():
        worker.stop()
    url = world.environment_of("billing")["REFILL_BILLING_DATABASE_URL"]
    starts: list[tuple[str, Mapping[str, str]]] = [
        ("billing", {"REFILL_BILLING_DATABASE_URL": f"postgresql://billing_worker:{WRONG} x@@:/y?z={WRONG}"}),
        ("billing", {"REFILL_STRIPE_API_KEY": WRONG, "REFILL_STRIPE_WEBHOOK_SECRET": WRONG}),
        ("billing", {"REFILL_STRIPE_API_KEY_FILE": WRONG, "REFILL_KAFKA_PASSWORD_FILE": f"/nowhere/{WRONG}"}),
        ("billing", {"REFILL_BILLING_DATABASE_URL": url.replace("billing_worker:", f"billing_worker:{WRONG}")}),
        ("credit_ledger", {"REFILL_KAFKA_PASSWORD": WRONG}),
        ("notification", {"REFILL_KAFKA_USERNAME": WRONG, "REFILL_SMTP_PORT": WRONG}),
    ]
    for service, settings in starts:
        worker = world.workers[service]
        worker.start(settings)
        wait_until(lambda ended=worker: not ended.running, f"{service} refuses to start")  # type: ignore[misc]
        assert worker.exit_code not in (0, None)
    return [
        said_by("services.billing", "migrate", {"REFILL_BILLING_MIGRATOR_DATABASE_URL": f"postgresql://x:{WRONG}@@/"}),
        said_by("services.billing", "migrate", {"REFILL_BILLING_MIGRATOR_DATABASE_URL": url}),
        said_by(
            "services.credit_ledger", "verify", {"REFILL_AUDITOR_DATABASE_URL": f"postgresql://x:{WRONG}@127.0.0.1:9/x"}
        ),
        said_by("deploy.postgres.roles", "", {"REFILL_POSTGRES_ADMIN_URL": f"postgresql://x:{WRONG}@127.0.0.1:9/x"}),
    ]


def said_by(module: str, word: str, settings: Mapping[str, str]) -> Written:
    words = [sys.executable, "-m", module, *filter(None, [word])]
    done = subprocess.run(words, cwd=PROJECT, env={**os.environ, **settings}, capture_output=True, check=False)
    assert done.returncode != 0
    return Written(f"said/{module} {word}", done.stdout + done.stderr)


def assert_all_was_looked_at(found: list[Written], canaries: list[Canary]) -> None:
    """The search is no search if it saw nothing: each kind of place had something, and people where they belong."""
    places = {written.place for written in found}
    quiet = {topic for service, topic in catalog.DEAD_LETTERS.items() if service != "notification"}
    for topic in set(catalog.TOPICS) - quiet:
        assert f"topic/{topic.name}" in places, f"nothing was written to {topic.name}"
    assert {"log/billing.log", "log/credit_ledger.log", "log/notification.log", "log/stripe-journal.jsonl"} <= places
    for schema, table in (("billing", "payments"), ("credit_ledger", "postings"), ("notification", "emails")):
        assert f"table/{schema}.{table}" in places
    for canary in canaries:
        for place in canary.allowed:
            assert any(w.place.startswith(place) and canary.stands_in(w.content) for w in found), (canary.what, place)


def into_a_log(scenery: Scenery) -> str:
    url = scenery.world.environment_of("billing")["REFILL_BILLING_DATABASE_URL"]
    with scenery.world.workers["billing"].log.open("a") as log:
        log.write(f"cannot reach {url}\n")
    return "log/billing.log"


def into_a_topic(scenery: Scenery) -> str:
    return send(scenery, catalog.LEDGER_ACCOUNT.name, f'{{"told": "{PERSON}"}}'.encode())


def into_a_header(scenery: Scenery) -> str:
    return send(scenery, catalog.TOP_UP.name, b"{}", headers=[("to", f"a@{ADDRESS}.test".encode())])


def into_a_dead_letter(scenery: Scenery) -> str:
    import base64

    inside = base64.b64encode(f'{{"data": {{"name": "{PERSON}"}}}}'.encode())
    return send(scenery, catalog.DEAD_LETTERS["notification"].name, b'{"value_base64": "' + inside + b'"}')


def into_a_table(scenery: Scenery) -> str:
    kept = (
        "INSERT INTO billing.outbox (topic, key, event_id, value)"
        f" VALUES ('x', 'x', gen_random_uuid(), convert_to('{WORKSPACE}', 'UTF8'))"
    )
    execute(scenery.superuser_url, kept)
    return "table/billing.outbox"


def send(scenery: Scenery, topic: str, value: bytes, headers: list[tuple[str, bytes]] | None = None) -> str:
    from kafka import KafkaProducer  # not with this module: it is loaded for runs that need no Kafka

    admin: KafkaSettings = scenery.world.kafka("admin")
    assert admin.password
    producer = KafkaProducer(
        bootstrap_servers=list(admin.bootstrap),
        security_protocol=admin.security_protocol,
        sasl_mechanism=admin.sasl_mechanism,
        sasl_plain_username=admin.username,
        sasl_plain_password=admin.password.get_secret_value(),
    )
    try:
        producer.send(f"{admin.prefix}{topic}", key=b"planted", value=value, headers=headers or []).get(timeout=30)
    finally:
        producer.close()
    return f"topic/{topic}"


def told(town: Town, person: str, kind: str, channel: str = "email") -> None:
    town.witness.wait(
        NoticeDelivered,
        lambda notice: (notice.user_id, notice.kind, notice.channel) == (person, kind, channel),
        f"{person} is told of {kind}",
        timeout_s=60,
    )


def count(url: str, query: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return int(row[0])


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
