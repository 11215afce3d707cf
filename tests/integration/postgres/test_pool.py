"""Connections and transactions on a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from shared.messaging.weather import is_weather
from shared.postgres import pool
from shared.postgres.pool import Database
from tests.stack.choice import Postgres
from tests.stack.database import Database as Given


@pytest.fixture
def pooled(database: Given) -> Iterator[Database]:
    made = Database(database.superuser_url, "refill-test", "billing")
    with made.transaction() as connection:
        connection.execute("CREATE TABLE strokes (id int)")
    yield made
    made.close()


def _count(database: Database) -> int:
    with database.transaction() as connection:
        row = connection.execute("SELECT count(*) FROM strokes").fetchone()
    assert row is not None
    return int(row[0])


def test_a_transaction_is_committed_at_its_end(pooled: Database) -> None:
    with pooled.transaction() as connection:
        connection.execute("INSERT INTO strokes VALUES (1)")
    assert _count(pooled) == 1


def test_a_transaction_that_raises_leaves_nothing(pooled: Database) -> None:
    def spill() -> None:
        with pooled.transaction() as connection:
            connection.execute("INSERT INTO strokes VALUES (1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spill()
    assert _count(pooled) == 0


def test_a_connection_of_ones_own_commits_nothing_by_itself(pooled: Database) -> None:
    with pooled.connect() as connection:
        connection.execute("INSERT INTO strokes VALUES (1)")
        connection.rollback()
    assert _count(pooled) == 0


def test_sessions_are_named_and_look_up_names_in_their_schema(pooled: Database) -> None:
    with pooled.connect() as connection:
        named = connection.execute(
            "SELECT current_setting('application_name'), current_setting('search_path')"
        ).fetchone()
    assert named == ("refill-test", "billing")


def test_a_worker_cannot_wait_for_a_lock_for_ever(database: Given) -> None:
    worker = Database(database.worker_url("billing"), "refill-test")
    with worker.connect() as connection:
        limits = connection.execute(
            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
            " current_setting('idle_in_transaction_session_timeout'), current_setting('timezone')"
        ).fetchone()
    assert limits == ("5s", "30s", "30s", "UTC")


@pytest.mark.case(11)
def test_a_restarted_server_is_found_again(own_postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TRUSTED_IDLE_S", 0.0)  # a quick restart takes less than a second
    pooled = Database(own_postgres.url, "refill-test")
    with pooled.transaction() as connection:
        connection.execute("CREATE TABLE strokes (id int)")
    own_postgres.stop_at_once()
    with pytest.raises(psycopg.OperationalError):
        pooled.connect()
    own_postgres.restart()
    assert _count(pooled) == 0
    pooled.close()


def test_a_block_cannot_commit_by_itself(pooled: Database) -> None:
    def commit_early() -> None:
        with pooled.transaction() as connection:
            connection.execute("INSERT INTO strokes VALUES (1)")
            connection.commit()

    with pytest.raises(psycopg.ProgrammingError):
        commit_early()
    assert _count(pooled) == 0


def test_a_connection_is_used_again_and_never_by_two_at_once(pooled: Database) -> None:
    def pid(connection: psycopg.Connection) -> int:
        return connection.info.backend_pid

    with pooled.transaction() as one, pooled.transaction() as other:
        together = {pid(one), pid(other)}
    with pooled.transaction() as again:
        assert pid(again) in together
    assert len(together) == 2


def test_more_callers_than_connections_wait_for_their_turn(database: Given) -> None:
    narrow = Database(database.superuser_url, "refill-test", "billing", max_pooled=2)
    with narrow.transaction() as connection:
        connection.execute("CREATE TABLE strokes (id int)")

    def stroke() -> None:
        with narrow.transaction() as connection:
            connection.execute("INSERT INTO strokes VALUES (1)")

    threads = [threading.Thread(target=stroke) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _count(narrow) == 20
    sessions = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'refill-test' AND datname = current_database()"
    )
    with narrow.transaction() as connection:
        assert connection.execute(sessions).fetchone() in {(1,), (2,)}
    narrow.close()


def test_when_no_connection_comes_free_it_is_weather(database: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "POOL_WAIT_S", 0.05)
    narrow = Database(database.superuser_url, "refill-test", max_pooled=1)
    with narrow.transaction(), pytest.raises(psycopg.OperationalError) as raised, narrow.transaction():
        pass
    assert is_weather(raised.value)
    narrow.close()


def test_a_session_that_the_server_ended_is_replaced(pooled: Database, database: Given) -> None:
    with pooled.transaction() as connection:
        pid = connection.info.backend_pid
    with psycopg.connect(database.superuser_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    with pytest.raises(psycopg.OperationalError):
        _count(pooled)  # it lay idle for too short a time to be doubted
    assert _count(pooled) == 0
