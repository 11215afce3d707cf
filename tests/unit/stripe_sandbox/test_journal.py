"""The journal and the log on the disk."""

from pathlib import Path

import pytest

from deploy.stripe_sandbox.durable_lines import DurableLines
from deploy.stripe_sandbox.journal import Effect, Journal, JournalDamaged
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.store import Store

EFFECT = Effect(effect="charge_succeeded", amount_minor=1000, currency="usd", payment_intent="pi_1", charge="ch_1")


def test_lines_written_are_lines_read_whatever_was_torn(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    first = DurableLines(path)
    first.append([{"a": 1}, {"a": 2}])
    first.close()
    with path.open("a") as file:
        file.write('{"a": 3')

    again = DurableLines(path)
    again.append([{"a": 4}])

    assert again.read() == [{"a": 1}, {"a": 2}, {"a": 4}]
    again.close()


def test_a_journal_with_a_gap_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"seq":1}\n{"seq":3}\n')

    with pytest.raises(JournalDamaged, match="gap"):
        Journal(path)


def test_a_discarded_draft_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.jsonl", Journal(tmp_path / "journal.jsonl"))
    transaction = store.begin(now=1)
    transaction.put(Customer(id="cus_1", created=1))
    transaction.record(EFFECT)
    transaction.emit("customer.created", {})

    transaction.discard()
    store.commit(transaction)

    assert store.begin(now=2).find(Customer, "cus_1") is None
    assert store.journal.rows() == []
    store.close()


def test_a_store_opened_again_is_the_same(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.jsonl", Journal(tmp_path / "journal.jsonl"))
    transaction = store.begin(now=1, request_id="req_1", idempotency_key="key-1")
    transaction.put(Customer(id="cus_1", created=1, metadata={"a": "1"}))
    transaction.record(EFFECT)
    store.commit(transaction)
    tables, rows = store.tables, store.journal.rows()
    store.close()

    again = Store(tmp_path / "state.jsonl", Journal(tmp_path / "journal.jsonl"))

    assert again.tables == tables
    assert again.journal.rows() == rows
    assert rows[0]["idempotency_key"] == "key-1"
    again.close()
