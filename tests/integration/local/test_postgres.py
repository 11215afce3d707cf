"""The embedded PostgreSQL is a real one: durable, restartable on its data, and many at once."""

from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from deploy.local.postgres import PostgresServer
from deploy.local.run_folder import RunFolder
from tests.stack.choice import Postgres


@pytest.mark.case(11)
@pytest.mark.parametrize("end", ["kill", "stop_at_once", "stop"])
def test_what_was_committed_is_there_after_any_end(own_postgres: Postgres, end: str) -> None:
    url = own_postgres.url
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS id")

    getattr(own_postgres, end)()
    assert not own_postgres.running
    own_postgres.restart()

    assert own_postgres.url == url
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(1,)]


def test_it_is_version_18_and_writes_through_to_the_disk(postgres_server: str) -> None:
    with psycopg.connect(postgres_server) as connection:
        for setting, value in {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}.items():
            assert connection.execute("SELECT current_setting(%s)", (setting,)).fetchone() == (value,)
        assert connection.info.server_version // 10_000 == 18


@pytest.mark.embedded("the process and the folder of the embedded server")
def test_it_never_runs_as_root_and_keeps_its_password_off_the_disk(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    process = psutil.Process(own_postgres.pid)
    assert 0 not in process.uids()

    password = conninfo_to_dict(own_postgres.url)["password"]
    folder = Path(process.cwd()).parent
    small = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size < 100_000]
    assert folder / "data" / "PG_VERSION" in small
    assert not any(str(password).encode() in path.read_bytes() for path in small)


def test_a_wrong_password_is_refused(postgres_server: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_server, password="wrong")


@pytest.mark.embedded("two embedded servers on one machine")
def test_two_servers_run_at_once(run_folder: RunFolder) -> None:
    servers = [PostgresServer(run_folder, "one"), PostgresServer(run_folder, "two")]
    for server in servers:
        server.start()

    assert len({server.url for server in servers}) == 2
    for server in servers:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
