"""A world has everything that a story needs, and its workers come up in it."""

from collections.abc import Mapping
from functools import partial

import psycopg
import pytest
from kafka import KafkaAdminClient
from psutil import Process

from deploy.kafka.rights import rules
from deploy.local.guard import marked_processes
from deploy.local.run_folder import RunFolder
from deploy.local.waiting import wait_until
from deploy.local.worker import WORKERS, Worker
from deploy.local.world import World
from deploy.postgres.roles import SERVICES, URL_VARIABLES
from deploy.postgres.roles import WORKERS as WORKER_ROLES
from shared.contracts.catalog import PARTIES
from shared.messaging.kafka import AccessControl
from shared.messaging.kafka.connection import connection

READY_WITHIN_S = 90  # two seconds on an idle machine
MOST_CONNECTIONS = 17  # of one worker: docs/deploy.md shares out the server's by it


def has_been_ready(worker: Worker, times: int) -> bool:
    return worker.log.read_text().count("worker.ready") == times


def test_it_has_migrated_schemas_topics_of_its_own_a_sandbox_and_a_mail_server(world: World) -> None:
    with psycopg.connect(world.environment["REFILL_AUDITOR_DATABASE_URL"]) as auditor:
        made = auditor.execute("SELECT DISTINCT schemaname FROM pg_tables").fetchall()
    assert {(service,) for service in SERVICES} <= set(made)

    admin = KafkaAdminClient(**connection(world.kafka("admin"), "tests"))
    topics = [name for name in admin.list_topics() if name.startswith(world.topic_prefix)]
    admin.close()
    assert f"{world.topic_prefix}billing.top-up.v1" in topics

    assert world.sandbox.running
    assert world.mailbox.server.running


def secrets_of(world: World) -> dict[str, str]:
    """Every secret of the world, by a name of its own."""
    passwords = {name: world.kafka(name).password for name in ("admin", *PARTIES)}
    urls = {f"{role} at PostgreSQL": world.environment[variable] for role, variable in URL_VARIABLES.items()}
    stripe = {name: world.environment[name] for name in ("REFILL_STRIPE_API_KEY", "REFILL_STRIPE_WEBHOOK_SECRET")}
    of_kafka = {f"{name} at Kafka": word.get_secret_value() for name, word in passwords.items() if word}
    return {**of_kafka, **urls, **stripe}


def told(environment: Mapping[str, str], secrets: Mapping[str, str]) -> set[str]:
    return {name for name, secret in secrets.items() if any(secret in value for value in environment.values())}


@pytest.mark.embedded("the processes of this machine, their words and environments")
def test_each_process_is_given_its_own_secrets_and_nobody_elses(world: World, run_folder: RunFolder) -> None:
    world.start_workers()
    secrets = secrets_of(world)

    def running() -> list[Process]:
        return [process for process in marked_processes(run_folder.path) if "run" in process.cmdline()]

    wait_until(lambda: len(running()) == len(WORKERS), READY_WITHIN_S, "what was forked is what it is to be")
    processes = running()
    found = {process.cmdline()[-2]: told(process.environ(), secrets) for process in processes}
    words = [word for process in marked_processes(run_folder.path) for word in process.cmdline()]

    assert found == {
        "services.billing": {
            "billing at Kafka",
            "billing_worker at PostgreSQL",
            "REFILL_STRIPE_API_KEY",
            "REFILL_STRIPE_WEBHOOK_SECRET",
        },
        "services.credit_ledger": {"credit-ledger at Kafka", "credit_ledger_worker at PostgreSQL"},
        "services.notification": {"notification at Kafka", "notification_worker at PostgreSQL"},
    }
    assert not [name for name, secret in secrets.items() if any(secret in word for word in words)]
    assert told(world.environment_of("auditor"), secrets) == {"auditor at PostgreSQL"}


def test_a_person_is_told_what_edge_operators_products_and_upstream_need_and_may_read_the_books(world: World) -> None:
    assert told(world.environment_of("command-line"), secrets_of(world)) == {
        "edge at Kafka",
        "operator at Kafka",
        "products at Kafka",
        "upstream at Kafka",
        "auditor at PostgreSQL",
    }


def test_a_world_that_is_dropped_leaves_no_rule_behind(world: World) -> None:
    control = AccessControl(world.kafka("admin"))
    mine = [rule for rule in control.rules() if rule.name.startswith(world.topic_prefix)]
    world.drop()
    left = [rule for rule in control.rules() if rule.name.startswith(world.topic_prefix)]
    control.close()
    assert len(mine) == len(rules())
    assert left == []


def connections(world: World) -> dict[str, int]:
    """How many sessions each role has in the world's database."""
    query = "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = %s GROUP BY usename"
    with psycopg.connect(world.superuser_url) as admin:
        return dict(admin.execute(query, (world.database,)).fetchall())


def test_its_workers_come_up_are_killed_and_come_up_again(world: World) -> None:
    world.start_workers()
    for worker in world.workers.values():
        wait_until(partial(has_been_ready, worker, 1), READY_WITHIN_S, worker.service)
    held = connections(world)
    assert set(held) >= set(WORKER_ROLES)
    assert all(held[role] <= MOST_CONNECTIONS for role in WORKER_ROLES), held

    billing = world.workers["billing"]
    billing.kill()
    assert (billing.running, billing.exit_code) == (False, -9)
    billing.restart()
    wait_until(partial(has_been_ready, billing, 2), READY_WITHIN_S, "billing again")

    assert billing.stop() == 0
