"""Named queries: what a .sql file may look like, and what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.postgres.queries import QueryFileError, load


def _file(folder: Path, text: str) -> Path:
    path = folder / "queries.sql"
    path.write_text(text, encoding="utf-8")
    return path


def test_queries_are_found_by_their_names(tmp_path: Path) -> None:
    text = "-- The file.\n\n-- name: lock\n-- In order.\nSELECT 1\nFOR UPDATE;\n\n-- name: add\nSELECT 2;\n"
    queries = load(_file(tmp_path, text))
    assert dict(queries) == {"lock": "-- In order.\nSELECT 1\nFOR UPDATE;", "add": "SELECT 2;"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("-- name: one\nSELECT 1;\n-- name: one\nSELECT 2;\n", "queries.sql:3: one stands here twice"),
        ("-- name:\nSELECT 1;\n", "'' is no name"),
        ("-- name: Lock-Accounts\nSELECT 1;\n", "'Lock-Accounts' is no name"),
        ("-- name: one\n-- nothing but words\n\n-- name: two\nSELECT 2;\n", "query one is empty"),
        ("SELECT 0;\n-- name: one\nSELECT 1;\n", "queries.sql:1: SQL before the first"),
        ("-- only a comment\n", "no query"),
        ("", "no query"),
    ],
)
def test_a_file_that_cannot_be_meant_as_it_stands_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(QueryFileError, match=complaint):
        load(_file(tmp_path, text))


def test_the_queries_cannot_be_changed_by_those_who_use_them(tmp_path: Path) -> None:
    queries = load(_file(tmp_path, "-- name: one\nSELECT 1;\n"))
    with pytest.raises(TypeError):
        queries["one"] = "DROP TABLE outbox"  # type: ignore[index]  # that it cannot be assigned is the point
