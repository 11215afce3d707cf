"""The secrets of a compose project are made once, and the folder is closed to everybody but its owner."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.compose import secrets
from deploy.postgres.roles import ROLE_SCHEMAS
from shared.contracts.catalog import PARTIES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run" / "secrets"


def test_only_the_owner_enters_the_folder_and_containers_read_the_files(folder: Path) -> None:
    """Each container has a user of its own, and gets its files mounted one by one, out of the closed folder."""
    secrets.make(folder)

    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert {oct(path.stat().st_mode)[-3:] for path in folder.iterdir()} == {"644"}


def test_a_second_run_changes_nothing(folder: Path) -> None:
    secrets.make(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert secrets.make(folder) == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_is_missing_is_made_and_fits_what_is_there(folder: Path) -> None:
    secrets.make(folder)
    password = (folder / "postgres-admin-password").read_text()
    (folder / "postgres-admin-url").unlink()

    assert secrets.make(folder) == 1
    assert urlsplit((folder / "postgres-admin-url").read_text()).password == password


def test_every_secret_is_another_one(folder: Path) -> None:
    secrets.make(folder)
    values = [path.read_text() for path in folder.iterdir() if path.name != "postgres-admin-url"]

    assert len(set(values)) == len(values)
    assert all(len(value) >= 48 and value == value.strip() for value in values)


def test_every_party_and_every_role_has_one(folder: Path) -> None:
    secrets.make(folder)
    urls = [urlsplit(path.read_text()) for path in folder.iterdir() if path.name.endswith("-url")]

    assert {f"kafka-{party}-password" for party in PARTIES} <= {path.name for path in folder.iterdir()}
    assert {url.username for url in urls} == {"postgres", *ROLE_SCHEMAS}
    assert {(url.hostname, url.port, url.path) for url in urls} == {("postgres", 5432, "/refill")}


def test_a_persons_shell_gets_nobody_elses_secrets(folder: Path) -> None:
    secrets.make(folder)
    told = secrets.client_environment(folder)

    shown = {
        path.name for path in folder.iterdir() if (urlsplit(path.read_text()).password or path.read_text()) in told
    }
    assert shown == {
        "kafka-edge-password",
        "kafka-operator-password",
        "kafka-products-password",
        "kafka-upstream-password",
        "auditor-database-url",
    }


def test_a_persons_shell_finds_the_ports_that_the_project_was_given(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REFILL_PORT_KAFKA", "40001")
    monkeypatch.setenv("REFILL_PORT_POSTGRES", "40002")
    secrets.make(folder)

    told = dict(line.split("=", 1) for line in secrets.client_environment(folder).splitlines())

    assert told["REFILL_KAFKA_BOOTSTRAP"] == "127.0.0.1:40001"
    assert urlsplit(told["REFILL_AUDITOR_DATABASE_URL"]).port == 40002


def test_compose_is_told_once_and_a_persons_own_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("REFILL_PORT_KAFKA=1234")

    secrets.tell_compose(path)
    secrets.tell_compose(path)

    assert path.read_text() == "REFILL_PORT_KAFKA=1234\nREFILL_SECRETS=./.refill/secrets\n"
    assert oct(path.stat().st_mode)[-3:] == "600"


def test_it_needs_nothing_but_python_and_prints_no_secret(folder: Path) -> None:
    command = [sys.executable, "-S", secrets.__file__, str(folder)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True, cwd=os.sep) for _ in range(2)]

    assert runs[0].stdout == f"20 secrets made in {folder}\n"
    assert runs[1].stdout == f"The secrets are in {folder} already; nothing changed.\n"
    assert (folder / "client.env").is_file()
