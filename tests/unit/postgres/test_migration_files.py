"""Migration files: their names, their order, and what is refused before a database is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.postgres.migrations import MigrationProblem, read


def _folder(root: Path, owner: str, **files: str) -> Path:
    folder = root / owner / "migrations"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return folder


def test_the_first_folder_comes_first_and_files_go_by_number(tmp_path: Path) -> None:
    runtime = _folder(tmp_path, "runtime", **{"0002_b": "SELECT 2", "0001_a": "SELECT 1"})
    service = _folder(tmp_path, "service", **{"0001_c": "SELECT 3"})
    assert [migration.name for migration in read([runtime, service])] == [
        "runtime/0001_a",
        "runtime/0002_b",
        "service/0001_c",
    ]


def test_another_text_has_another_checksum(tmp_path: Path) -> None:
    one, other = _folder(tmp_path, "x", **{"0001_a": "SELECT 1"}), _folder(tmp_path, "y", **{"0001_a": "SELECT 1 "})
    assert read([one])[0].checksum != read([other])[0].checksum


@pytest.mark.parametrize("name", ["1_short", "0001-hyphen", "0001_Upper", "later"])
def test_a_file_with_another_kind_of_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MigrationProblem, match="no migration's name"):
        read([_folder(tmp_path, "service", **{name: "SELECT 1"})])


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MigrationProblem, match="two migrations are called service/0001"):
        read([_folder(tmp_path, "service", **{"0001_a": "SELECT 1", "0001_b": "SELECT 2"})])


def test_a_folder_without_migrations_was_not_installed(tmp_path: Path) -> None:
    with pytest.raises(MigrationProblem, match="not installed with the code"):
        read([_folder(tmp_path, "service")])
