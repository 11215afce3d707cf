"""A worker whose database or broker goes says so within seconds, goes on, and is healthy again when they are back."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.cluster import Cluster
from deploy.local.environment import kafka_environment
from shared.messaging.settings import KafkaSettings
from tests.integration.messaging.billing.conftest import PARTITIONS, Surroundings
from tests.integration.messaging.billing.process import ROOT, Process
from tests.integration.messaging.office.office import wait_until
from tests.stack.choice import Kafka, Postgres
from tests.stack.database import Database
from tests.stack.topics import delete_topics


@contextmanager
def healthy_worker(kafka: KafkaSettings, cluster: Cluster, folder: Path) -> Iterator[Process]:
    """The small service on these servers, running and healthy; stopped in order at the end."""
    name = uuid.uuid4().hex[:8]
    surroundings = Surroundings(Database(cluster, f"health_{name}"), replace(kafka, prefix=f"health{name}."))
    cluster.create(surroundings.database.name)
    surroundings.make_topics()
    process = Process(
        {
            **surroundings.database.environment(),
            **kafka_environment(surroundings.kafka),
            "REFILL_TOPIC_PARTITIONS": str(PARTITIONS),
        },
        folder,
    )
    try:
        assert process.command("migrate").returncode == 0
        process.start()
        process.wait_until_ready()
        assert check(process) == (0, process.health().strip())
        yield process
        assert process.stop() == 0
        assert process.health() == ""
    finally:
        process.kill()
        cluster.drop(surroundings.database.name)
        delete_topics(surroundings.kafka)


def check(process: Process) -> tuple[int, str]:
    """What a container's health check says."""
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "deploy" / "health.py"],
        env={"REFILL_READY_FILE": str(process.ready_file)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def wait_until_ill(process: Process, *words: str) -> None:
    wait_until(lambda: all(word in process.health() for word in ("not healthy:", *words)), f"a word about {words}")
    code, said = check(process)
    assert code == 1
    assert said.startswith("not healthy:")


@pytest.mark.case(11)
def test_a_worker_without_its_database_is_not_healthy_until_it_is_back(
    kafka_broker: KafkaSettings, own_postgres: Postgres, tmp_path: Path
) -> None:
    with healthy_worker(kafka_broker, Cluster(own_postgres.url), tmp_path) as process:
        own_postgres.stop()
        wait_until_ill(process, "the database does not answer", "the relay cannot work")
        own_postgres.start()
        wait_until(lambda: check(process)[0] == 0, "a healthy worker")
        assert "worker.unhealthy" in process.events()
        assert "worker.healthy" in process.events()


@pytest.mark.case(21)
def test_a_worker_without_its_broker_is_not_healthy_until_it_is_back(
    cluster: Cluster, own_kafka: Kafka, tmp_path: Path
) -> None:
    with healthy_worker(own_kafka.admin, cluster, tmp_path) as process:
        own_kafka.kill()
        wait_until_ill(process, "lane directory")
        own_kafka.restart()
        wait_until(lambda: check(process)[0] == 0, "a healthy worker")
