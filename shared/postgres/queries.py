"""SQL lives in .sql files, where a database person can review it alone; the code names the query it means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_NAME = re.compile(r"^--\s*name:(.*)$")
_WORD = re.compile(r"[a-z][a-z0-9_]*")


class QueryFileError(Exception):
    """A file of queries that cannot be meant as it stands: says file, line and why."""


def load(path: Path) -> Mapping[str, str]:
    """The queries of one file by name. Each starts with a line `-- name: lock_accounts` and ends at the next one.

    Raises `QueryFileError` for a duplicate, empty or ill-formed name, an empty query, SQL before the first name, or no
    query at all.
    """
    found: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        header = _NAME.match(line)
        if header:
            name = _checked_name(header.group(1).strip(), found, path, number)
            lines = found[name] = []
        elif lines is not None:
            lines.append(line)
        elif _says_something(line):
            raise QueryFileError(f"{path.name}:{number}: SQL before the first `-- name:` line")
    if not found:
        raise QueryFileError(f"{path.name}: no query; start one with a line `-- name: some_name`")
    for name, body in found.items():
        if not any(_says_something(line) for line in body):
            raise QueryFileError(f"{path.name}: query {name} is empty")
    return MappingProxyType({name: "\n".join(body).strip() for name, body in found.items()})


def _checked_name(name: str, found: Mapping[str, object], path: Path, number: int) -> str:
    if not _WORD.fullmatch(name):
        raise QueryFileError(f"{path.name}:{number}: {name!r} is no name; write lower-case words joined by _")
    if name in found:
        raise QueryFileError(f"{path.name}:{number}: {name} stands here twice")
    return name


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("--")
