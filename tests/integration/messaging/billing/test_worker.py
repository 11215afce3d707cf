"""A worker's process: starts when all is there and says what it waits for, works, ends in order, and says why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shared.contracts.catalog import TOP_UP, WORKSPACE_DIRECTORY
from shared.contracts.envelope import Envelope, write
from shared.contracts.workspace import WorkspaceChanged
from shared.messaging import inbox
from shared.messaging.kafka import LogReader
from tests.integration.messaging.billing.conftest import Surroundings
from tests.integration.messaging.billing.process import Process
from tests.integration.messaging.office.office import wait_until


def _workspace(workspace: str) -> tuple[str, bytes]:
    message = WorkspaceChanged(
        workspace_id=workspace,
        name="Acme",
        plan="business",
        status="active",
        cycle_anchor=date(2026, 1, 1),
        version=1,
    )
    now = datetime.now(UTC)
    return workspace, write(Envelope(f"e-{workspace}", "/test", message.type, now, message.wire()))


def _rows(surroundings: Surroundings, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(surroundings.database.worker_url("billing")) as connection:
        return connection.execute(query).fetchall()


def _greeted(surroundings: Surroundings, *workspaces: str) -> bool:
    return set(_rows(surroundings, "SELECT workspace FROM greetings WHERE greeted")) >= {(w,) for w in workspaces}


def _published(surroundings: Surroundings) -> list[bytes]:
    reader = LogReader(surroundings.kafka, [TOP_UP.name])
    found: list[bytes] = []

    def all_read() -> bool:
        found.extend(record.key or b"" for _, record in reader.poll())
        return len(found) >= sum(reader.ends.values())

    wait_until(all_read, "the end of the log")
    reader.close()
    return sorted(found)


def test_a_message_has_its_effect_its_errand_and_its_event_and_the_worker_ends_in_order(
    ready: Process, surroundings: Surroundings
) -> None:
    ready.start()
    ready.wait_until_ready()
    surroundings.send(WORKSPACE_DIRECTORY, _workspace("w1"), _workspace("w2"))
    wait_until(lambda: _greeted(surroundings, "w1", "w2"), "the greetings")
    assert ready.stop() == 0
    assert not ready.ready_file.exists()
    assert _published(surroundings) == [b"w1", b"w2"]
    assert _greeted(surroundings, "companion")  # it was stopped, while the database could still be used
    assert ready.events()[-1] == "worker.stopped"
    assert _rows(surroundings, "SELECT sending_since FROM relay_lease") == [(None,)]


def test_a_restarted_worker_goes_on_where_the_last_one_ended(ready: Process, surroundings: Surroundings) -> None:
    ready.start()
    ready.wait_until_ready()
    surroundings.send(WORKSPACE_DIRECTORY, _workspace("w1"))
    wait_until(lambda: _greeted(surroundings, "w1"), "the greeting")
    assert ready.stop() == 0
    surroundings.send(WORKSPACE_DIRECTORY, _workspace("w2"))
    ready.start()
    wait_until(lambda: _greeted(surroundings, "w2"), "the other greeting")
    assert ready.stop() == 0
    assert ready.journal.read_text().split() == ["w1", "w2"]


def test_every_missing_setting_is_told_at_once(process: Process) -> None:
    ended = process.command("run", REFILL_KAFKA_BOOTSTRAP="", REFILL_BILLING_DATABASE_URL="")
    assert ended.returncode == 78
    assert "REFILL_KAFKA_BOOTSTRAP is missing" in ended.stderr
    assert "REFILL_BILLING_DATABASE_URL is missing" in ended.stderr


def test_migrate_needs_the_migrators_address_alone_and_says_what_it_did(process: Process) -> None:
    first = process.command("migrate", REFILL_KAFKA_BOOTSTRAP="", REFILL_BILLING_DATABASE_URL="")
    assert first.returncode == 0
    assert first.stdout.splitlines()[-1] == "applied billing/0001_greetings"
    assert process.command("migrate").stdout == "nothing to apply\n"


def test_prune_forgets_what_cannot_come_again_and_nothing_else(process: Process, surroundings: Surroundings) -> None:
    assert process.command("migrate").returncode == 0
    with psycopg.connect(surroundings.database.migrator_url("billing")) as connection:
        for age in (inbox.KEPT + timedelta(hours=1), inbox.KEPT - timedelta(hours=1)):
            row = "INSERT INTO billing.inbox VALUES ('topic', 'source', %s, now() - %s)"
            connection.execute(row, (str(age.days), age))

    pruned = process.command("prune", REFILL_KAFKA_BOOTSTRAP="", REFILL_BILLING_DATABASE_URL="")

    assert pruned.stdout == f"forgot 1 envelopes older than {inbox.KEPT.days} days\n"
    assert _rows(surroundings, "SELECT id FROM inbox") == [(str(inbox.KEPT.days - 1),)]


def test_a_worker_whose_migrations_were_not_run_says_so_and_ends(process: Process) -> None:
    ended = process.command("run")
    assert ended.returncode == 78
    assert "migrations not run in schema billing: messaging/0001_road" in ended.stderr
    assert "Run the `migrate` command first" in ended.stderr


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"REFILL_BILLING_DATABASE_URL": "postgresql://w:s3cr3t@127.0.0.1:9/refill"}, "PostgreSQL"),
        ({"REFILL_KAFKA_BOOTSTRAP": "127.0.0.1:9"}, "Kafka"),
        ({"REFILL_TOPIC_PREFIX": "nowhere."}, "Kafka"),
    ],
    ids=["PostgreSQL", "Kafka", "topics"],
)
def test_a_worker_says_what_it_waits_for_and_can_be_stopped_meanwhile(
    ready: Process, setting: dict[str, str], told: str
) -> None:
    ready.start(**setting)
    wait_until(lambda: "worker.waiting" in ready.events(), "a word about what is missing")
    (waiting,) = [line for line in ready.log() if line["event"] == "worker.waiting"]
    assert waiting["waiting_for"] == told
    assert waiting["reason"]
    assert ready.stop() == 0
    assert not ready.ready_file.exists()
    assert "s3cr3t" not in ready.log_path.read_text()


def test_a_worker_starts_when_what_it_waited_for_has_come(process: Process, surroundings: Surroundings) -> None:
    assert process.command("migrate").returncode == 0
    process.start()
    wait_until(lambda: "worker.waiting" in process.events(), "a word about the topics")
    surroundings.make_topics()
    process.wait_until_ready()
    assert process.stop() == 0


def test_a_bug_ends_the_worker_by_name_and_place_and_a_person_can_set_the_message_aside(
    ready: Process, surroundings: Surroundings
) -> None:
    surroundings.send(WORKSPACE_DIRECTORY, _workspace("w1"), _workspace("wsbug"), _workspace("w2"))
    ready.start()
    assert ready.wait() == 70
    (failed,) = [line for line in ready.log() if line["event"] == "worker.failed"]
    place = {name: failed[name] for name in ("part", "topic", "partition", "offset", "id")}
    assert place == {
        "part": "lane directory", "topic": "workspace.directory.v1", "partition": 0, "offset": 1, "id": "e-wsbug"
    }  # fmt: skip

    words = ("quarantine", "workspace.directory.v1", "0", "1", "--who", "ada", "--reason", "bug 7")
    assert ready.command(*words).returncode == 0
    assert "was set aside before" in ready.command(*words).stdout
    ready.start()
    wait_until(lambda: _greeted(surroundings, "w1", "w2"), "the others greeted")
    assert ready.stop() == 0


def test_a_command_without_a_database_says_so(process: Process) -> None:
    nowhere = "postgresql://w:s3cr3t@127.0.0.1:9/refill"
    ended = process.command("migrate", REFILL_BILLING_MIGRATOR_DATABASE_URL=nowhere)
    assert ended.returncode == 69
    assert ended.stderr.startswith("PostgreSQL does not answer: ")
    assert "s3cr3t" not in ended.stderr


def test_a_command_that_the_database_refuses_says_so(process: Process, surroundings: Surroundings) -> None:
    url = surroundings.database.migrator_url("billing")
    password = str(psycopg.conninfo.conninfo_to_dict(url)["password"])
    ended = process.command("migrate", REFILL_BILLING_MIGRATOR_DATABASE_URL=url.replace(password, "wr0ng"))
    assert ended.returncode == 78
    assert "password authentication failed" in ended.stderr
    assert "wr0ng" not in ended.stderr


def test_settings_and_the_migrators_address_may_come_in_files(process: Process, tmp_path: Path) -> None:
    in_files = {}
    for name in ("REFILL_BILLING_MIGRATOR_DATABASE_URL", "REFILL_BILLING_DATABASE_URL", "REFILL_KAFKA_PASSWORD"):
        path = tmp_path / name
        path.write_text(f"{process.settings.pop(name)}\n")
        in_files[f"{name}_FILE"] = str(path)
    assert process.command("migrate", **in_files).returncode == 0
    ended = process.command("run", REFILL_START_PATIENCE_S="0", **in_files)
    assert ended.returncode == 69  # all it lacks are the topics
    assert "topics missing at " in ended.stderr
    assert len(ended.stderr[ended.stderr.index("cannot start:") :].splitlines()) == 2


def test_a_person_lets_stuck_timers_try_again_by_a_command(ready: Process, surroundings: Surroundings) -> None:
    with psycopg.connect(surroundings.database.worker_url("billing")) as connection:
        stuck = "INSERT INTO timers (kind, ref, due_at, state, reason) VALUES ('greet', 'w1', now(), 'stuck', 'a bug')"
        connection.execute(stuck)
    assert ready.command("resume", "--kind", "greet").stdout == "resumed greet w1\n"
    assert ready.command("resume").stdout == "nothing was stuck\n"


@pytest.mark.parametrize(("fate", "part"), [("cannot start", "start"), ("dies", "porter")])
def test_a_worker_does_not_live_without_its_companion(ready: Process, fate: str, part: str) -> None:
    ready.start(REFILL_GREETER_COMPANION=fate)
    assert ready.wait() == 1
    (failed,) = [line for line in ready.log() if line["event"] == "worker.failed"]
    assert failed["part"] == part
    assert not ready.ready_file.exists()


@pytest.mark.case(23)
def test_no_password_stands_in_the_log(ready: Process, surroundings: Surroundings) -> None:
    ready.start()
    ready.wait_until_ready()
    assert ready.stop() == 0
    password = psycopg.conninfo.conninfo_to_dict(surroundings.database.worker_url("billing"))["password"]
    assert str(password) not in ready.log_path.read_text()
