"""Files stay small and are named after a noun of the domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.checkout import CODE, ROOT, python_files

MAX_LINES = 400
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "core"}


@pytest.mark.parametrize("path", python_files(*CODE, "tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_a_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_no_file_is_named_after_a_role_that_swallows_everything() -> None:
    named = [path for path in python_files(*CODE, "tests") if {path.stem, path.parent.name} & FORBIDDEN_NAMES]
    assert named == []


def test_sql_stands_in_sql_files_only() -> None:
    verbs = ("INSERT INTO", "DELETE FROM", "SELECT * FROM", " FOR UPDATE", "ON CONFLICT")
    found = [
        str(path.relative_to(ROOT))
        for path in python_files("services", "shared")
        for line in path.read_text(encoding="utf-8").splitlines()
        if any(verb in line for verb in verbs)
        and not line.strip().startswith("#")
        and '"""' not in line
        and "`" not in line
    ]
    assert found == []
