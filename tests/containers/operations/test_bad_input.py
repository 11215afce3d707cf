"""A worker that cannot work says why in its log, ends with the code that a supervisor reads, and takes nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from deploy.compose.engine import LOOK_EVERY_S
from deploy.local.run_folder import PROJECT
from shared.contracts import catalog
from tests.containers.faults.homes import letter
from tests.containers.operations.site import Site
from tests.e2e.town import Household, workspace
from tests.e2e.waiting import wait_until

pytestmark = [
    pytest.mark.timeout(600),  # the first of them starts a whole project
]

SETTINGS, AWAY = 78, 69
DATABASE = "REFILL_NOTIFICATION_DATABASE_URL"
ELSEWHERE = {"REFILL_TOPIC_PREFIX": "elsewhere."}
TAKEN_S = 180
TIMEOUT_S = 240

REACHED = "SELECT topic, partition, next_offset FROM notification.offsets ORDER BY topic, partition"
LATER = "INSERT INTO notification.migrations (name, checksum) VALUES ('notification/9999_later', 'of the next version')"
NOT_LATER = "DELETE FROM notification.migrations WHERE name = 'notification/9999_later'"
FORGET = """
    CREATE TABLE notification.remembered AS SELECT * FROM notification.migrations;
    DELETE FROM notification.migrations WHERE name = (SELECT max(name) FROM notification.migrations
                                                      WHERE name LIKE 'notification/%')"""
REMEMBER = """
    INSERT INTO notification.migrations SELECT * FROM notification.remembered ON CONFLICT DO NOTHING;
    DROP TABLE notification.remembered"""


@dataclass(frozen=True)
class Case:
    """One thing that is wrong, and what the worker says about it."""

    settings: Mapping[str, str]
    says: str
    code: int = SETTINGS


WRONG_SETTINGS = {
    "wrong password at Kafka": Case(
        {"REFILL_KAFKA_PASSWORD_FILE": "", "REFILL_KAFKA_PASSWORD": "wrong"},
        "Kafka at kafka:9092 refuses the password of notification",
    ),
    "unknown principal": Case({"REFILL_KAFKA_USERNAME": "nobody"}, "Kafka at kafka:9092 knows no user nobody"),
    "wrong password at PostgreSQL": Case(
        {f"{DATABASE}_FILE": "", DATABASE: "postgresql://notification_worker:wrong@postgres:5432/refill"},
        f"PostgreSQL at postgres:5432/refill refuses the password of notification_worker (or knows no such role): "
        f"see {DATABASE}",
    ),
    "no settings": Case({"REFILL_KAFKA_BOOTSTRAP": "", "REFILL_SMTP_HOST": ""}, "2 settings are missing or wrong"),
    "topics missing": Case(
        {**ELSEWHERE, "REFILL_START_PATIENCE_S": "3"}, "topics missing at kafka:9092: elsewhere.", AWAY
    ),
    "PostgreSQL away": Case(
        {f"{DATABASE}_FILE": "", DATABASE: "postgresql://u:p@kafka:1/refill", "REFILL_START_PATIENCE_S": "3"},
        "PostgreSQL at kafka:1/refill does not answer",
        AWAY,
    ),
}
WRONG_PARTITIONS = Case(ELSEWHERE, "has 3 partitions, the catalog says 12")
NEWER = Case({}, "schema notification is newer than the code: it has notification/9999_later")
NOT_RUN = Case({}, "migrations not run in schema notification: notification/")


def test_a_worker_that_cannot_work_says_why_in_its_log_and_has_taken_nothing(site: Site) -> None:
    with _stopped_with_something_to_read(site):
        before = _rows(site, REACHED)

        # Its topics are called otherwise, with rights but nothing there; then with other numbers of partitions.
        _job(site, "kafka-access", ELSEWHERE)
        with ThreadPoolExecutor(2) as together:  # two cores
            wrong = list(together.map(lambda each: _refusal(site, *each), WRONG_SETTINGS.items()))
        _job(site, "topics", {**ELSEWHERE, "REFILL_TOPIC_PARTITIONS": "3"})
        wrong.append(_refusal(site, "partition count wrong", WRONG_PARTITIONS))
        with _changed(site, LATER, NOT_LATER):
            wrong.append(_refusal(site, "newer than the code", NEWER))
        with _changed(site, FORGET, REMEMBER):
            wrong.append(_refusal(site, "migrations not run", NOT_RUN))

        assert [each for each in wrong if each] == []
        assert _rows(site, REACHED) == before

    wait_until(lambda: _rows(site, REACHED) != before, "what waited has been read", TAKEN_S, LOOK_EVERY_S)


@contextmanager
def _stopped_with_something_to_read(site: Site) -> Iterator[None]:
    site.project.stop("notification")
    post = site.post()
    post.deliver([letter(catalog.WORKSPACE_DIRECTORY, workspace(Household("newcomer")))])
    post.close()
    yield
    site.project.start("notification")
    site.project.wait_healthy("notification")


@contextmanager
def _changed(site: Site, change: str, undo: str) -> Iterator[None]:
    _execute(site, change)
    try:
        yield
    finally:
        _execute(site, undo)


def _refusal(site: Site, name: str, case: Case) -> str:
    """Starts the worker so, in a container of its own. Says how the outcome differs from what was expected."""
    code, said = _run(site, "notification", case.settings)
    if code == case.code and case.says in said:
        return ""
    return f"{name}: ended with {code} instead of {case.code} and said:\n{said}"


def _job(site: Site, name: str, settings: Mapping[str, str]) -> None:
    code, said = _run(site, name, settings)
    assert code == 0, f"{name} ended with {code}:\n{said}"


def _run(site: Site, service: str, settings: Mapping[str, str]) -> tuple[int, str]:
    words = [word for name, value in settings.items() for word in ("-e", f"{name}={value}")]
    done = subprocess.run(
        ["docker", "compose", "run", "--rm", "--no-deps", *words, service],
        cwd=PROJECT,
        env={**os.environ, **site.project._environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return done.returncode, done.stdout


def _rows(site: Site, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(site.world.superuser_url) as connection:
        return connection.execute(query.encode()).fetchall()


def _execute(site: Site, statements: str) -> None:
    with psycopg.connect(site.world.superuser_url) as connection:
        connection.execute(statements.encode())
