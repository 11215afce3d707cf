"""Connections and transactions on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.postgres import PostgresServer
from shared.postgres.pool import Database
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
def test_a_restarted_server_is_found_again(own_postgres: PostgresServer) -> None:
    pooled = Database(own_postgres.url, "refill-test")
    with pooled.transaction() as connection:
        connection.execute("CREATE TABLE strokes (id int)")
    own_postgres.stop_at_once()
    with pytest.raises(psycopg.OperationalError):
        pooled.connect()
    own_postgres.restart()
    assert _count(pooled) == 0
    pooled.close()
