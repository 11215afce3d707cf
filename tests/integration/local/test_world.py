"""A world has everything that a story needs, and its workers come up in it."""

from functools import partial

import psycopg
from kafka import KafkaAdminClient

from deploy.local.waiting import wait_until
from deploy.local.worker import Worker
from deploy.local.world import World
from deploy.postgres.roles import SERVICES
from shared.messaging.kafka.connection import connection

READY_WITHIN_S = 90  # two seconds on an idle machine


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


def test_its_workers_come_up_are_killed_and_come_up_again(world: World) -> None:
    world.start_workers()
    for worker in world.workers.values():
        wait_until(partial(has_been_ready, worker, 1), READY_WITHIN_S, worker.service)

    billing = world.workers["billing"]
    billing.kill()
    assert (billing.running, billing.exit_code) == (False, -9)
    billing.restart()
    wait_until(partial(has_been_ready, billing, 2), READY_WITHIN_S, "billing again")

    assert billing.stop() == 0
