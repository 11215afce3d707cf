"""What the documents claim exists: tests named in tables, files named in links; the lock names no address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, names_of_tests

NOT_OURS = {".venv", ".refill", ".git", "node_modules"}  # not entered: servers that run make and remove files in one
DOCUMENTS = sorted(
    path
    for top in ROOT.iterdir()
    if top.name not in NOT_OURS
    for path in ([top] if top.is_file() else top.rglob("*"))
    if path.suffix == ".md"
)
TEST_NAME = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_a_document_names_exists(document: Path) -> None:
    for file, name in TEST_NAME.findall(document.read_text(encoding="utf-8")):
        assert (ROOT / file).is_file(), f"{file} does not exist"
        assert name in names_of_tests(ROOT / file), f"{file} has no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_a_document_links_exists(document: Path) -> None:
    missing = [
        link for link in LINK.findall(document.read_text(encoding="utf-8")) if not (document.parent / link).exists()
    ]
    assert missing == []


def test_the_readme_names_a_test_for_every_failure() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = [line for line in readme.splitlines() if line.startswith("|") and "tests/" in line]
    assert len(table) >= 15
    assert all(TEST_NAME.search(line) for line in table)


def test_the_lock_names_no_index_and_hashes_everything() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^[a-z0-9-]+==.*\\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n?)+", lock, flags=re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[a-z0-9-]+==", lock, flags=re.MULTILINE)) > 0
