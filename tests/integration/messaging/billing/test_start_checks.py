"""A worker that cannot work says why, ends by the code that tells whether waiting helps, and touches nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from deploy.local.ports import free_port
from shared.contracts.catalog import WORKSPACE_DIRECTORY
from shared.contracts.envelope import Envelope, write
from shared.contracts.workspace import WorkspaceChanged
from shared.messaging.assembly import Worker
from shared.messaging.crew import Crew
from shared.messaging.failures import Unfit
from shared.messaging.settings import load_settings
from tests.integration.messaging.billing.__main__ import greeter
from tests.integration.messaging.billing.conftest import PARTITIONS, Surroundings
from tests.integration.messaging.billing.process import Process
from tests.integration.messaging.billing.settings import GreeterSettings
from tests.integration.messaging.office.office import wait_until

DATABASE = "REFILL_BILLING_DATABASE_URL"
WRONG = "wr0ng-and-secret"
MORE_PARTITIONS = {"REFILL_TOPIC_PARTITIONS": str(PARTITIONS + 1)}


def _workspace() -> tuple[str, bytes]:
    message = WorkspaceChanged(
        workspace_id="w1", name="Acme", plan="business", status="active", cycle_anchor=date(2026, 1, 1), version=1
    )
    return "w1", write(Envelope("e-w1", "/test", message.type, datetime.now(UTC), message.wire()))


def _rows(surroundings: Surroundings, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(surroundings.database.worker_url("billing")) as connection:
        return connection.execute(query).fetchall()


def test_all_that_no_waiting_mends_is_told_at_once_and_the_worker_ends_with_78(
    ready: Process, surroundings: Surroundings
) -> None:
    parts = conninfo_to_dict(surroundings.database.worker_url("billing")) | {"password": WRONG}
    address = "postgresql://{user}:{password}@{host}:{port}/{dbname}".format_map(parts)

    ended = ready.command("run", **{DATABASE: address}, REFILL_KAFKA_PASSWORD=WRONG)

    assert ended.returncode == 78, ended.stderr
    said = ended.stderr[ended.stderr.index("cannot start:") :].splitlines()
    assert "PostgreSQL at 127.0.0.1:" in said[1]
    assert f"refuses the password of billing_worker (or knows no such role): see {DATABASE}" in said[1]
    assert "Kafka at 127.0.0.1:" in said[2]
    assert "refuses the password of admin: REFILL_KAFKA_PASSWORD is wrong or outdated" in said[2]
    assert len(said) == 3
    assert WRONG not in ended.stderr
    assert not ready.ready_file.exists()


def test_what_does_not_come_within_the_patience_is_told_and_the_worker_ends_with_69(ready: Process) -> None:
    away = f"127.0.0.1:{free_port()}"
    settings = {DATABASE: f"postgresql://u:{WRONG}@{away}/refill", "REFILL_KAFKA_BOOTSTRAP": away}

    ended = ready.command("run", REFILL_START_PATIENCE_S="1", **settings)

    assert ended.returncode == 69, ended.stderr
    said = ended.stderr[ended.stderr.index("cannot start:") :]
    assert f"PostgreSQL at {away}/refill does not answer" in said
    assert f"nobody listens at {away}" in said
    assert WRONG not in ended.stderr
    assert not ready.ready_file.exists()


def test_a_worker_that_refuses_to_start_has_consumed_nothing_and_the_mended_one_loses_nothing(
    ready: Process, surroundings: Surroundings
) -> None:
    surroundings.send(WORKSPACE_DIRECTORY, _workspace())
    assert ready.command("run", **MORE_PARTITIONS).returncode == 78
    assert _rows(surroundings, "SELECT workspace FROM greetings") == []
    assert _rows(surroundings, "SELECT 1 FROM offsets") == []

    ready.start()
    wait_until(lambda: ("w1", True) in _rows(surroundings, "SELECT * FROM greetings"), "the greeting")
    assert ready.stop() == 0
    assert ready.journal.read_text().split() == ["w1"]


def test_a_worker_whose_clock_is_ten_minutes_off_consumes_nothing(
    ready: Process, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fast:
        """A clock that is off."""

        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(minutes=10)

    surroundings.send(WORKSPACE_DIRECTORY, _workspace())
    for name, value in ready.settings.items():
        monkeypatch.setenv(name, value)
    settings = load_settings(GreeterSettings)

    with pytest.raises(Unfit, match=r"clock is \d+ s ahead of PostgreSQL's at 127.0.0.1:.*NTP"):
        Worker(greeter(settings), settings, Fast(), Crew()).run()

    assert _rows(surroundings, "SELECT workspace FROM greetings") == []
    assert _rows(surroundings, "SELECT 1 FROM offsets") == []
    assert not ready.ready_file.exists()
