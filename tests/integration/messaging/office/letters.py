"""The office's repository, and the errand that carries letters out of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import psycopg

from shared.contracts.catalog import TOP_UP
from shared.contracts.top_up_events import RequestCancelled
from shared.messaging.work import Cause, Outgoing, Work

SCHEMA = "billing"


class Letters:
    """Letters on a connection inside a transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def write(self, ref: str) -> None:
        self._connection.execute("INSERT INTO letters (ref) VALUES (%s)", [ref])

    def lock(self, ref: str) -> str:
        row = self._connection.execute("SELECT state FROM letters WHERE ref = %s FOR UPDATE", [ref]).fetchone()
        assert row is not None
        return str(row[0])

    def move_on(self, ref: str, state: str) -> None:
        change = "UPDATE letters SET state = %s, handled = handled + 1 WHERE ref = %s"
        self._connection.execute(change, [state, ref])

    def wait_longer_than_allowed(self) -> None:
        self._connection.execute("SET LOCAL statement_timeout = 20")
        self._connection.execute("SELECT pg_sleep(60)")


def told(ref: str) -> Outgoing:
    """What the world is told about a letter; any message of the catalog will do."""
    message = RequestCancelled(request_id=ref, workspace_id="w1", asker_id="u1")
    return Outgoing(TOP_UP, message, Cause(source="/test/office", id=ref))


class Posting:
    """An errand: take the letter (`prepare`), carry it out (`carry`), write down what became of it (`record`)."""

    kind = "post"
    lease_s = 60
    after_cold_start = True

    def __init__(self, carry: Callable[[str], str], concurrency: int = 2) -> None:
        self._carry = carry
        self.concurrency = concurrency

    def prepare(self, ref: str, work: Work[Letters]) -> str | None:
        return None if work.repository.lock(ref) == "posted" else ref

    def perform(self, request: str) -> str:
        return self._carry(request)

    def record(self, ref: str, request: str, answer: str, work: Work[Letters]) -> Iterable[Outgoing]:
        work.repository.lock(ref)
        work.repository.move_on(ref, answer)
        return [told(ref)]
