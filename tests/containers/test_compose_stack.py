"""The compose project as it runs: locked down, healthy only when it is, draining, shared, and keeping its data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
import pytest

from deploy.compose.container import Container
from deploy.compose.engine import LOOK_EVERY_S, docker, docker_output
from deploy.compose.project import Project
from deploy.compose.stack import ContainerStack
from deploy.kafka.access import problems as access_problems
from deploy.kafka.topics import problems as topic_problems
from deploy.local.run_folder import PROJECT
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until
from shared.contracts.catalog import TOPICS
from shared.messaging.kafka.reader import bounds_of
from shared.messaging.kafka.standing import Standing
from shared.messaging.log import KafkaProblem
from tests.architecture.test_compose import OWN_SECRETS
from tests.containers.locked_stack import JOBS, SERVERS, WORKERS, events, inside, inspected, partitions, running

STATE_S = 120  # a few seconds each, on a machine that does nothing else
PARTITIONS = 12
KILL_THE_CHILD_OF_INIT = """
import os, pathlib, signal
for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
    if stat.read_text().rpartition(")")[2].split()[1] == "1":
        os.kill(int(stat.parent.name), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[ContainerStack]:
    with running() as made:
        yield made


@pytest.fixture
def project(stack: ContainerStack) -> Project:
    return stack.project


def everything(project: Project) -> list[Container]:
    found = project.containers()
    assert {container.service for container in found} == {*JOBS, *SERVERS, *WORKERS}
    return found


def test_up_returns_when_jobs_are_done_and_everything_else_is_healthy(project: Project) -> None:
    state = {container.service: (container.exit_code, container.health) for container in everything(project)}

    assert state == {**dict.fromkeys(JOBS, (0, "")), **dict.fromkeys((*SERVERS, *WORKERS), (None, "healthy"))}


def test_the_engine_holds_every_container_as_tight_as_the_file_says(project: Project) -> None:
    for container in everything(project):
        config = inspected(container)["HostConfig"]
        assert config["ReadonlyRootfs"] is True, container.service
        assert config["CapDrop"] == ["ALL"], container.service
        assert config["SecurityOpt"] == ["no-new-privileges:true"], container.service
        assert 0 < config["Memory"] <= 768 * 2**20, container.service
        assert 0 < config["PidsLimit"] <= 256, container.service
        published = [each["HostIp"] for ports in (config["PortBindings"] or {}).values() for each in ports]
        assert set(published) <= {"127.0.0.1"}, container.service


@pytest.mark.parametrize("service", [*SERVERS, *WORKERS])
def test_inside_nobody_is_root_has_a_capability_or_writes_to_the_system(project: Project, service: str) -> None:
    container = project.container(service)
    status = inside(container, "cat", "/proc/1/status")

    assert inside(container, "id", "-u").strip() != "0"
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    with pytest.raises(Trouble, match="Read-only file system"):
        inside(container, "sh", "-c", "touch /etc/written")


@pytest.mark.parametrize("service", [*SERVERS, *WORKERS])
def test_inside_there_are_its_own_secrets_and_no_other(project: Project, service: str) -> None:
    listed = inside(project.container(service), "sh", "-c", "ls /run/secrets 2>/dev/null || true").split()

    assert set(listed) == OWN_SECRETS[service]


def test_neither_the_engine_nor_a_log_shows_a_secret(stack: ContainerStack) -> None:
    """Nor the command line of any process, which everybody on the machine may list."""
    secrets = {path.name: path.read_text() for path in stack.project.secrets.iterdir() if path.name != "client.env"}
    secrets |= {
        f"{name}, the password": urlsplit(value).password or ""
        for name, value in secrets.items()
        if name.endswith("-url")
    }
    assert all(secrets.values())
    for container in everything(stack.project):
        shown = docker("inspect", container.id) + docker_output("logs", container.id)
        if container.running:
            shown += inside(container, "sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null || true")
        assert [name for name, secret in secrets.items() if secret in shown] == [], container.service


def test_kafka_has_the_catalogs_topics_users_and_rights(stack: ContainerStack) -> None:
    admin = stack.world.kafka("admin")

    assert topic_problems(admin, TOPICS) == []
    assert access_problems(admin) == []


def test_kafka_lets_nobody_in_without_a_name_or_with_a_wrong_word(stack: ContainerStack) -> None:
    edge = stack.world.kafka("edge")
    nobody = replace(edge, security_protocol="PLAINTEXT", sasl_mechanism=None, username=None, password=None)
    liar = replace(edge, password=stack.world.kafka("products").password)

    assert Standing.of(edge, [TOPICS[0].name]).brokers == set(edge.bootstrap)
    for settings in (nobody, liar):
        with pytest.raises(KafkaProblem):
            Standing.of(settings, [TOPICS[0].name])


@pytest.mark.parametrize("service", WORKERS)
def test_a_worker_drains_when_it_is_told_to_stop(project: Project, service: str) -> None:
    project.stop(service)

    try:
        assert project.exit_code(service) == 0
        assert events(project.container(service), "worker.signalled")[-1]["signal"] == "SIGTERM"
        assert events(project.container(service), "worker.stopped")
    finally:
        project.start(service)
        project.wait_healthy(service)


def test_a_worker_that_dies_is_started_again(project: Project) -> None:
    """By the policy of its container: nobody asked for that end."""
    worker = project.container("notification")
    inside(worker, "python", "-c", KILL_THE_CHILD_OF_INIT)

    wait_until(lambda: inspected(worker)["RestartCount"] == 1, STATE_S, "the engine has started it again", LOOK_EVERY_S)
    project.wait_healthy("notification")


def test_health_follows_the_database(project: Project) -> None:
    def health() -> set[str]:
        return {project.container(service).health for service in WORKERS}

    project.pause("postgres")
    try:
        wait_until(lambda: health() == {"unhealthy"}, STATE_S, "every worker is unhealthy", LOOK_EVERY_S)
        said = [inspected(project.container(service))["State"]["Health"]["Log"][-1]["Output"] for service in WORKERS]
        assert all(text.startswith("not healthy:\n  the database ") for text in said), said
    finally:
        project.unpause("postgres")
    wait_until(lambda: health() == {"healthy"}, STATE_S, "every worker is healthy", LOOK_EVERY_S)


def test_two_of_the_ledger_share_the_partitions_and_one_alone_has_them_all(project: Project) -> None:
    def shares() -> list[int]:
        return [partitions(container, "credit-ledger.usage") for container in project.containers("credit-ledger")]

    project.scale("credit-ledger", 2)
    wait_until(lambda: shares() == [PARTITIONS // 2] * 2, STATE_S, "both have half of the partitions", LOOK_EVERY_S)

    project.scale("credit-ledger", 1)
    wait_until(lambda: shares() == [PARTITIONS], STATE_S, "one has them all", LOOK_EVERY_S)


def test_data_outlives_down_and_up(stack: ContainerStack) -> None:
    """All but the volumes is removed, the network too; jobs run again and find everything done."""
    project = stack.project
    refill = [sys.executable, "-m", "services.cli"]
    for words in (["import", "directory", "examples/directory.jsonl"], ["catalog", "publish", "examples/catalog.json"]):
        environment = {**os.environ, **stack.world.environment_of("command-line")}
        subprocess.run([*refill, *words], cwd=PROJECT, env=environment, check=True, capture_output=True)
    members = "SELECT count(*), sum(version) FROM credit_ledger.members"
    admin = stack.world.kafka("admin")
    topics = ["workspace.directory.v1", "billing.catalog.v1"]
    wait_until(lambda: query(stack, members)[0] > 0, STATE_S, "the ledger knows the members", LOOK_EVERY_S)
    known, log = query(stack, members), bounds_of(admin, topics)

    project.down(volumes=False)
    assert project.containers() == []
    project.up()

    assert query(stack, members) == known
    assert bounds_of(admin, topics) == log
    assert "0 of them new, 0 removed" in project.logs("kafka-access")
    assert re.search(r"^\d+ topics, 0 of them new$", project.logs("topics"), re.MULTILINE)


def query(stack: ContainerStack, question: str) -> tuple[int, ...]:
    with psycopg.connect(stack.world.superuser_url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return tuple(row)


def test_whoever_forgot_the_secrets_is_told_so_in_a_sentence() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("REFILL_", "COMPOSE_"))}
    command = ["docker", "compose", "--env-file", os.devnull, "up", "--wait"]

    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode != 0
    assert "required variable REFILL_SECRETS is missing a value: run make secrets first" in done.stderr
