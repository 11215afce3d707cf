"""The same properties on real tables, with fewer examples; and the fake of the others against them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.cluster import Cluster
from services.credit_ledger.repository import LedgerRepository
from shared.postgres.pool import Database as Pool
from tests.integration.credit_ledger.ledger import bad_checks, ledger_database
from tests.property.credit_ledger.memory import LIMITS
from tests.property.credit_ledger.operations import Operation, cuts, doubled, histories, interleaved
from tests.property.credit_ledger.replay import MemoryStore, canonical, handle, play
from tests.stack.database import Database

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])

EMPTY = (
    "TRUNCATE workspaces, members, catalogs, accounts, postings, usages, purchases, lots, grants, holds, hold_ends, "
    "usage_reversals, quota_resizes, recalls, recall_lines, recall_steps, operator_deeds, operator_days CASCADE"
)
BOOKS = {
    "lots": "SELECT workspace_id, user_id, lot_id, kind, granted, remaining, opened_at, period_start, period_end, "
    "purchase_id, withheld, grant_id, frozen, taken, owed, settled, withdrawn FROM lots",
    "postings": "SELECT * FROM postings",
    "usages": "SELECT workspace_id, source, usage_id, user_id, occurred_at, action, quantity, credits, "
    "catalog_version, outcome, transaction_id, reason, available, decided_at FROM usages",
    "accounts": "SELECT workspace_id, user_id, version, period_start, period_end, late_until, held, "
    "holds_until, quota, debt FROM accounts "
    "WHERE version > 0",
    "holds": "SELECT * FROM holds",
    "reversals": "SELECT * FROM usage_reversals",
    "resizes": "SELECT * FROM quota_resizes",
    "ends": "SELECT * FROM hold_ends",
    "recalls": "SELECT workspace_id, recall_id, purchase_id, cause, untouched_only, refusal, decided_at FROM recalls",
    "lines": "SELECT workspace_id, recall_id, user_id, lot_id, credits, unspent, held, spent, taken, step, state "
    "FROM recall_lines",
    "steps": "SELECT workspace_id, recall_id, step, verdict, transaction_id, decided_at, lot_id, credits, debt "
    "FROM recall_steps",
    "deeds": "SELECT workspace_id, family, deed_id, kind, user_id, credits, operator_id, reason, refusal, "
    "transaction_id, lot_id, settled, decided_at FROM operator_deeds",
    "days": "SELECT operator_id, day, credits FROM operator_days WHERE credits > 0",
    "purchases": "SELECT workspace_id, purchases.purchase_id, buyer_id, credited_at, user_id, lot_id, credits, usable, "
    "debt_settled "
    "FROM purchases JOIN grants USING (workspace_id, purchase_id)",
}


class PostgresStore:
    """The real tables, as the worker; emptied, as a superuser without triggers, before each history."""

    def __init__(self, database: Database) -> None:
        self._worker = Pool(database.worker_url("credit_ledger"), "test-books", "credit_ledger").connect()
        self._superuser = psycopg.connect(database.superuser_url, autocommit=True)
        self._superuser.execute("SET search_path = credit_ledger; SET session_replication_role = replica")

    def empty(self) -> PostgresStore:
        self._superuser.execute(EMPTY)
        return self

    def transact(self, batch: Sequence[Operation]) -> None:
        with self._worker.transaction():
            handle(LedgerRepository(self._worker, LIMITS), batch)

    def books(self) -> bytes:
        return canonical(**{name: self._superuser.execute(query).fetchall() for name, query in BOOKS.items()})

    def close(self) -> None:
        self._worker.close()
        self._superuser.close()


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for all examples of this file."""
    with ledger_database(cluster, "ledger_properties") as made:
        yield made


@pytest.fixture(scope="module")
def store(database: Database) -> Iterator[PostgresStore]:
    made = PostgresStore(database)
    yield made
    made.close()


@pytest.mark.rule("C11", "C14")
@pytest.mark.case(7)
@few
@given(data=st.data(), history=histories(), cuts=cuts)
def test_real_tables_hold_the_fakes_books_to_the_byte_whatever_is_doubled_or_cut(
    store: PostgresStore, database: Database, data: st.DataObject, history: Sequence[Operation], cuts: Collection[int]
) -> None:
    again = data.draw(doubled(history))
    assert play(store.empty(), again, cuts) == play(MemoryStore(), history)
    assert bad_checks(database) == []


@pytest.mark.rule("C13", "C14")
@pytest.mark.case(7, 22)
@few
@given(data=st.data(), acme=histories("acme"), zeta=histories("zeta"), cuts=cuts)
def test_real_tables_hold_the_same_books_however_workspaces_are_interleaved(
    store: PostgresStore,
    database: Database,
    data: st.DataObject,
    acme: Sequence[Operation],
    zeta: Sequence[Operation],
    cuts: Collection[int],
) -> None:
    mixed = data.draw(interleaved(acme, zeta))
    assert play(store.empty(), mixed, cuts) == play(MemoryStore(), [*acme, *zeta])
    assert bad_checks(database) == []


@pytest.mark.rule("C13", "C14")
@few
@given(data=st.data(), history=histories(), cuts=cuts)
def test_real_tables_keep_every_invariant_in_any_order(
    store: PostgresStore, database: Database, data: st.DataObject, history: Sequence[Operation], cuts: Collection[int]
) -> None:
    shuffled = data.draw(st.permutations(history))
    assert play(store.empty(), shuffled, cuts) == play(MemoryStore(), shuffled)
    assert bad_checks(database) == []
