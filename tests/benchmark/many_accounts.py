"""A great many accounts that all renew at the same second, written by SQL as the worker would have left them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from services.credit_ledger.domain.period import Period, period_at
from services.credit_ledger.handlers.renewal import QUOTA_RENEWAL

QUOTA = 10_000
EDITORS = 10  # in each workspace
# How long the server is given to take up the timers and to come to rest before they are due.
SETTLING_S, SETTLED_PER_S = 10, 20_000

# Nothing of this is timed, and the server checks it all again when the worker touches it; `verify` reads it at the end.
_UNCHECKED = "SET session_replication_role = replica; SET synchronous_commit = off; SET statement_timeout = 0"

_WORKSPACES = """
INSERT INTO workspaces (workspace_id, plan, status, cycle_anchor, version)
SELECT 'w' || number, 'business', 'active', %(anchor)s, 1 FROM generate_series(1, %(workspaces)s) AS number
"""
_MEMBERS = """
INSERT INTO members (workspace_id, user_id, role, version)
SELECT workspace_id, 'u' || number, 'editor', 1 FROM workspaces CROSS JOIN generate_series(1, %(editors)s) AS number
"""
_ACCOUNTS = """
INSERT INTO accounts (workspace_id, user_id, version, period_start, period_end, quota)
SELECT workspace_id, user_id, 1, %(start)s, %(end)s, %(quota)s FROM members
"""
_LOTS = """
INSERT INTO lots (lot_id, workspace_id, user_id, kind, granted, remaining, opened_at, period_start, period_end)
SELECT md5(workspace_id || '/' || user_id)::uuid, workspace_id, user_id, 'quota', quota, quota, period_start,
       period_start, period_end
FROM accounts
"""
_POSTINGS = """
INSERT INTO postings (transaction_id, ordinal, debit_contra, credit_lot_id, credits, decided_at)
SELECT md5('issue ' || lot_id)::uuid, 0, 'quota_issued', lot_id, granted, opened_at FROM lots
"""
# Whoever was renewed by use has his next one already.
_TIMERS = """
INSERT INTO timers (kind, ref, due_at) SELECT %(kind)s, workspace_id || '/' || user_id, %(due)s FROM members
ON CONFLICT DO NOTHING
"""
_OF_THIS_PERIOD = "SELECT count(*) FROM lots WHERE period_start = %(start)s"


@dataclass(frozen=True)
class ManyAccounts:
    """Editors of Business workspaces whose quota of the last period is unused, and whose period is over by now.

    It ended the day before yesterday's midnight at the latest, so that the hour for late usage is over, too: to renew
    one is to lapse a lot and to open another, the most that it can be.
    """

    url: str
    number: int
    now: datetime

    @property
    def period(self) -> Period:
        """The period that begins for all of them at once."""
        return period_at((self.now.astimezone(UTC) - timedelta(days=1)).date(), self.now)

    @property
    def ended(self) -> Period:
        """The one before it."""
        return period_at(self.period.start.date(), self.period.start - timedelta(microseconds=1))

    def keys(self, first: int, number: int) -> list[tuple[str, str]]:
        """So many accounts, each in another workspace as far as there are so many; from the `first` of all on."""
        workspaces = self.number // EDITORS
        order = range(first, first + number)
        return [(f"w{place % workspaces + 1}", f"u{place // workspaces % EDITORS + 1}") for place in order]

    def write(self) -> None:
        """All but their timers: nothing has told the worker yet that there is anything to do."""
        names = {
            "anchor": self.period.start.date(),
            "workspaces": self.number // EDITORS,
            "editors": EDITORS,
            "start": self.ended.start,
            "end": self.ended.end,
            "quota": QUOTA,
        }
        with self._connect() as connection:
            connection.execute(_UNCHECKED)
            for statement in (_WORKSPACES, _MEMBERS, _ACCOUNTS, _LOTS, _POSTINGS):
                connection.execute(statement, {name: names[name] for name in names if f"%({name})s" in statement})
            self._settle(connection)

    def make_due(self) -> None:
        """Gives them their timers, all of one second. Returns at that second: from then on the sweep has work."""
        due = datetime.now(UTC) + timedelta(seconds=SETTLING_S + self.number / SETTLED_PER_S)
        with self._connect() as connection:
            connection.execute(_UNCHECKED)
            connection.execute(_TIMERS, {"kind": QUOTA_RENEWAL, "due": due})
            self._settle(connection)
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))

    def stop(self) -> int:
        """Takes the timers away that are not done yet; returns how many."""
        with self._connect() as connection:
            return connection.execute("DELETE FROM timers WHERE due_at <= now()").rowcount

    def renewed(self) -> int:
        """How many have a lot of the period that has begun."""
        return self.count(_OF_THIS_PERIOD, start=self.period.start)

    def count(self, query: str, **parameters: object) -> int:
        """One number."""
        with self._connect() as connection:
            row = connection.execute(query, parameters).fetchone()
        assert row is not None
        return int(row[0])

    def _settle(self, connection: psycopg.Connection) -> None:
        """What writing so much has left to be done is done now, not while something is measured."""
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, options="-c search_path=credit_ledger")
