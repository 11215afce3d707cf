"""A migrated database, a sandbox, and billing's parts between them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.cluster import Cluster
from deploy.stripe_sandbox.control import SandboxControl
from deploy.stripe_sandbox.server import running
from services import billing
from services.billing.settings import BillingSettings
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.postgres import pool
from shared.postgres.migrations import migrate
from tests.integration.billing.messages import CARDS, ROLES, catalog, member, workspace
from tests.integration.billing.till import Till
from tests.stack.database import Database

FOLDERS = (RUNTIME_MIGRATIONS, Path(billing.__file__).with_name("migrations"))
KEPT = ("transitions", "relay_lease", "migrations")  # written by migrations
WEBHOOK_SECRET = "whsec_of_the_tests"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxControl]:
    """A Stripe with Acme's customer and its cards."""
    with running(tmp_path / "journal.jsonl") as (_, url):
        control = SandboxControl(url)
        control.customer("cus_acme", cards=CARDS)
        control.customer("cus_other", cards=[("pm_foreign", "pm_card_visa")])
        yield control


@pytest.fixture(scope="session")
def billing_database(cluster: Cluster) -> Iterator[Database]:
    """One database with billing's tables for all tests of this process."""
    made = Database(cluster, f"billing_{uuid.uuid4().hex}")
    cluster.create(made.name)
    migrate(made.migrator_url("billing"), "billing", FOLDERS)
    yield made
    cluster.drop(made.name)


@pytest.fixture
def database(billing_database: Database) -> Database:
    """That database without a row of an earlier test."""
    with psycopg.connect(billing_database.superuser_url) as connection:
        connection.execute("SET session_replication_role = replica")  # rows go without asking each other's leave
        tables = connection.execute(
            "SELECT format('DELETE FROM billing.%%I', tablename) FROM pg_tables"
            " WHERE schemaname = 'billing' AND tablename <> ALL(%s)",
            (list(KEPT),),
        ).fetchall()
        for (statement,) in tables:
            connection.execute(statement)
    return billing_database


@pytest.fixture
def settings(database: Database, sandbox: SandboxControl) -> BillingSettings:
    """Billing's settings for this test's database and sandbox."""
    return BillingSettings.model_validate(
        {
            "REFILL_BILLING_DATABASE_URL": database.worker_url("billing"),
            "kafka_bootstrap": "127.0.0.1:9",
            "stripe_api_key": "sk_test_0123456789abcdef",
            "stripe_api_base": sandbox.base_url,
            "stripe_webhook_secret": WEBHOOK_SECRET,
            "billing_http_port": 1,
            "billing_public_url": "https://pay.example.com",
        }
    )


@pytest.fixture
def till(database: Database, sandbox: SandboxControl, settings: BillingSettings) -> Iterator[Till]:
    """Acme on Business with owner, admin, two editors, a guest editor and a viewer, and one catalog."""
    own = pool.Database(database.worker_url("billing"), "tests-billing", "billing")
    made = Till(own, sandbox, settings, database.superuser_url)
    made.hand_in(catalog(), workspace(), *(member(user, role) for user, role in ROLES.items()))
    yield made
    own.close()
