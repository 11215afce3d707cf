"""`verify`: holds the books against themselves with plain SQL, for anyone with read access (C14)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from services.credit_ledger.settings import AuditSettings
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import EXIT_CODE, load_settings
from shared.postgres.pool import Database
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("verify.sql"))
NO_TIME_LIMIT = "no_time_limit"
CHECKS = {name: query for name, query in QUERIES.items() if name != NO_TIME_LIMIT}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: how many rows contradict it, and the first of them."""

    check: str
    bad_rows: int
    first: dict[str, str] | None

    @property
    def sentence(self) -> str:
        """What the check holds true."""
        return self.check.replace("_", " ")


def audit(connection: psycopg.Connection) -> list[Finding]:
    """Run every check on one snapshot of the books. The connection must not be inside a transaction."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        connection.execute(QUERIES[NO_TIME_LIMIT])
        return [_find(connection, check) for check in CHECKS]


def main(argv: Sequence[str]) -> int:
    """Print one line per check; 0 when the books are right, 1 when they are not, 78 when the address is missing."""
    parser = argparse.ArgumentParser(prog="verify", description="Hold the ledger's books against themselves.")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(argv)
    try:
        settings = load_settings(AuditSettings)
    except SettingsProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return EXIT_CODE
    database = Database(settings.database_url.get_secret_value(), "refill-verify", "credit_ledger")
    with database.connect() as connection:
        findings = audit(connection)
    sys.stdout.write(_as_json(findings) if options.json else _as_text(findings))
    return 1 if any(finding.bad_rows for finding in findings) else 0


def _find(connection: psycopg.Connection, check: str) -> Finding:
    cursor = connection.execute(CHECKS[check])
    row = cursor.fetchone()
    if row is None:
        return Finding(check, 0, None)
    names = [column.name for column in cursor.description or ()]
    return Finding(check, cursor.rowcount, dict(zip(names, map(str, row), strict=True)))


def _as_json(findings: Sequence[Finding]) -> str:
    checks = [{"check": each.check, "bad_rows": each.bad_rows, "first": each.first} for each in findings]
    return json.dumps({"ok": not any(each.bad_rows for each in findings), "checks": checks}, indent=2) + "\n"


def _as_text(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        lines.append(f"{'BAD' if finding.bad_rows else 'ok '} {finding.sentence}")
        if finding.first is not None:
            row = ", ".join(f"{name} {value}" for name, value in finding.first.items())
            lines.append(f"    {finding.bad_rows} wrong, the first: {row}")
    return "\n".join(lines) + "\n"
