"""Migrations on a real PostgreSQL: applied once, in order, and refused when the code does not explain the schema."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from shared.postgres.migrations import MigrationProblem, check, migrate
from tests.stack.database import Database

SCHEMA = "billing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "painting" / "migrations"
    made.mkdir(parents=True)
    return made


def _write(folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.sql").write_text(text, encoding="utf-8")


def _migrate(database: Database, folder: Path) -> list[str]:
    return migrate(database.migrator_url(SCHEMA), SCHEMA, [folder])


def _check(database: Database, folder: Path) -> None:
    check(database.worker_url(SCHEMA), SCHEMA, [folder])


def _tables(database: Database) -> set[str]:
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA]).fetchall()
    return {name for (name,) in rows}


def test_what_is_missing_is_applied_in_order_and_only_once(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int); INSERT INTO brushes VALUES (1);")
    _write(folder, "0002_colour", "ALTER TABLE brushes ADD colour text DEFAULT '100% red';")
    assert _migrate(database, folder) == ["painting/0001_brushes", "painting/0002_colour"]
    assert _migrate(database, folder) == []

    _write(folder, "0003_canvases", "CREATE TABLE canvases (id int);")
    assert _migrate(database, folder) == ["painting/0003_canvases"]
    assert _tables(database) == {"migrations", "brushes", "canvases"}


def test_a_failing_migration_changes_nothing_and_keeps_what_came_before(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int);")
    _write(folder, "0002_broken", "CREATE TABLE halves (id int); SELECT 1 / 0;")
    with pytest.raises(MigrationProblem, match="painting/0002_broken failed and changed nothing: division by zero"):
        _migrate(database, folder)
    assert _tables(database) == {"migrations", "brushes"}

    _write(folder, "0002_broken", "CREATE TABLE halves (id int);")
    assert _migrate(database, folder) == ["painting/0002_broken"]


def test_an_edited_migration_is_refused_by_both_commands(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int);")
    _migrate(database, folder)
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id bigint);")
    with pytest.raises(MigrationProblem, match="edited after it was applied to schema billing: painting/0001_brushes"):
        _migrate(database, folder)
    with pytest.raises(MigrationProblem, match="edited after it was applied"):
        _check(database, folder)


def test_a_schema_newer_than_the_code_is_refused_by_both_commands(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int);")
    _write(folder, "0002_later", "CREATE TABLE later (id int);")
    _migrate(database, folder)
    (folder / "0002_later.sql").unlink()
    with pytest.raises(MigrationProblem, match="schema billing is newer than the code: it has painting/0002_later"):
        _migrate(database, folder)
    with pytest.raises(MigrationProblem, match="newer than the code"):
        _check(database, folder)


def test_a_migration_slipped_in_before_an_applied_one_is_refused(database: Database, folder: Path) -> None:
    _write(folder, "0002_second", "CREATE TABLE second (id int);")
    _migrate(database, folder)
    _write(folder, "0001_first", "CREATE TABLE first (id int);")
    with pytest.raises(MigrationProblem, match="painting/0001_first was added before painting/0002_second"):
        _migrate(database, folder)
    assert _tables(database) == {"migrations", "second"}


def test_a_worker_is_told_when_migrations_were_not_run(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int);")
    with pytest.raises(MigrationProblem, match="migrations not run in schema billing: painting/0001_brushes"):
        _check(database, folder)
    _migrate(database, folder)
    _check(database, folder)
    _write(folder, "0002_more", "CREATE TABLE more (id int);")
    with pytest.raises(MigrationProblem, match="migrations not run in schema billing: painting/0002_more"):
        _check(database, folder)


def test_a_missing_schema_is_told(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int);")
    with pytest.raises(MigrationProblem, match="schema painting does not exist"):
        migrate(database.superuser_url, "painting", [folder])


def test_two_runs_at_once_apply_each_migration_once(database: Database, folder: Path) -> None:
    for number in range(1, 6):
        _write(folder, f"000{number}_table", f"CREATE TABLE t{number} (id int); SELECT pg_sleep(0.05);")
    applied: list[list[str]] = []
    threads = [threading.Thread(target=lambda: applied.append(_migrate(database, folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, applied)) == [0, 0, 5]


def test_the_worker_may_not_write_what_was_not_granted(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int); GRANT SELECT ON brushes TO billing_worker;")
    _migrate(database, folder)
    with psycopg.connect(database.worker_url(SCHEMA)) as connection:
        assert connection.execute("SELECT * FROM brushes").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM migrations")


def test_a_table_in_use_is_not_waited_for_so_that_nobody_waits_behind_it(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int);")
    _migrate(database, folder)
    _write(folder, "0002_colour", "ALTER TABLE brushes ADD colour text;")
    with psycopg.connect(database.superuser_url) as reader:
        reader.execute("SELECT * FROM billing.brushes")
        with pytest.raises(MigrationProblem, match=r"0002_colour changed nothing: .* in use .* Run `migrate` again"):
            _migrate(database, folder)
    assert _migrate(database, folder) == ["painting/0002_colour"]


def test_another_run_is_waited_for_longer_than_a_table(database: Database, folder: Path) -> None:
    _write(folder, "0001_brushes", "CREATE TABLE brushes (id int); SELECT pg_sleep(6);")
    applied: list[list[str]] = []
    threads = [threading.Thread(target=lambda: applied.append(_migrate(database, folder))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, applied)) == [0, 1]
