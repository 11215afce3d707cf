"""Every credential is changed while purchases and usage flow: the new one works, the old one is refused."""

from __future__ import annotations

import secrets
from contextlib import closing

import psycopg
import pytest

from deploy.stripe_sandbox.control import SandboxControl
from shared.messaging.kafka.standing import Standing
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings
from tests.containers.faults.stage import Trial
from tests.containers.locked_stack import inside
from tests.containers.operations.site import WORKERS, Site
from tests.e2e.waiting import wait_until

pytestmark = [
    pytest.mark.timeout(600),  # the first of them starts a whole project
]

WORKERS_PASSWORD = "Change a worker's PostgreSQL password"
OTHERS_PASSWORD = "Change a migrator's or the auditor's password"
SUPERUSERS_PASSWORD = "Change PostgreSQL's superuser password"


def test_postgresqls_passwords_are_changed_under_load(site: Site) -> None:
    with site.trial("PostgreSQL's passwords") as trial:
        trial.strike()
        old = site.world.database_url("billing-database-url")
        with site.work(trial, WORKERS_PASSWORD, "billing"):
            site.runbook.follow(WORKERS_PASSWORD, worker="billing")
        assert _is_refused(old)

        for role in ("billing-migrator", "auditor"):
            old = site.world.database_url(f"{role}-database-url")
            site.runbook.follow(OTHERS_PASSWORD, role=role)
            assert _is_refused(old)
            _let_in(site.world.database_url(f"{role}-database-url"))

        old = site.world.superuser_url
        site.runbook.follow(SUPERUSERS_PASSWORD)
        assert _is_refused(old)
        _let_in(site.world.superuser_url)
        trial.pass_by()
        trial.flows("after all of them")


def test_kafkas_passwords_are_changed_under_load(site: Site) -> None:
    with site.trial("Kafka's passwords") as trial:
        trial.strike()
        for party, title in (
            ("credit-ledger", "Change a worker's Kafka password"),
            ("products", "Change a product's, the edge's or upstream's password"),
            ("admin", "Change Kafka's super user's password"),
        ):
            _change(site, trial, party, title)
        with site.work(trial, "Change the brokers' password", "kafka", *WORKERS):
            site.runbook.follow("Change the brokers' password")
        trial.pass_by()


def test_stripes_key_and_signing_secret_are_changed_under_load(site: Site) -> None:
    sandbox = SandboxControl(site.world.sandbox_url)
    with site.trial("Stripe's key and signing secret") as trial:
        trial.strike()
        key = f"sk_test_{secrets.token_hex(24)}"
        with site.work(trial, "Change Stripe's API key", "billing"):
            site.runbook.follow("Change Stripe's API key", key=key)
        assert inside(site.project.container("billing"), "cat", "/run/secrets/stripe-api-key") == key

        # The hard way: Stripe signs with the new one at once, and until billing has it every event is turned away.
        secret = f"whsec_{secrets.token_hex(24)}"
        sandbox.listen("http://billing:8080/webhooks/stripe", secret)
        with site.work(trial, "Change Stripe's webhook secret", "billing"):
            site.runbook.follow("Change Stripe's webhook secret", webhook_secret=secret)
        trial.pass_by()

    # What was turned away comes again, and is taken.
    wait_until(lambda: _undelivered(sandbox) == set(), "Stripe has delivered every event")


def _change(site: Site, trial: Trial, party: str, title: str) -> None:
    old = site.kafka(party)
    services = (party,) if party in WORKERS else ()
    with site.work(trial, title, *services):
        site.runbook.follow(title, party=party)
    assert _is_unknown(old)
    assert Standing.of(site.kafka(party), []).brokers


def _is_refused(url: str) -> bool:
    try:
        _let_in(url)
    except psycopg.OperationalError as error:
        return "password authentication failed" in str(error)
    return False


def _let_in(url: str) -> None:
    with closing(psycopg.connect(url)) as connection:
        connection.execute("SELECT 1")


def _is_unknown(settings: KafkaSettings) -> bool:
    try:
        Standing.of(settings, [])
    except KafkaProblem:
        return True
    return False


def _undelivered(sandbox: SandboxControl) -> set[str]:
    attempts = sandbox.deliveries()
    return {str(each["event"]) for each in attempts} - {
        str(each["event"]) for each in attempts if each["status"] == 200
    }
