"""Postings: one row per movement, holding both accounts, debited and credited: none can be unbalanced (C14)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

# The contra accounts: where credits come from and where they go. The lots are the other accounts. What is held stands
# in `held` meanwhile; what had lapsed comes back only to be burned by a capture that was in time; what was burned, only
# by a reversal. What a recall took back stands in `taken_back` until it is given back. `debt` is what accounts owe: it
# goes through the lot that it came of, or that paid it, so that no movement is without an account.
Source = Literal[
    "quota_issued", "top_up_issued", "held", "lapsed", "burned", "grant_issued", "debt", "taken_back", "forgiven"
]
Sink = Literal["burned", "lapsed", "held", "debt", "taken_back", "withdrawn", "forgiven"]


class Posting(NamedTuple):
    """One movement, as its row. A tuple because usage makes tens of thousands of them a second."""

    transaction_id: UUID
    ordinal: int
    debit_contra: Source | None
    debit_lot_id: UUID | None
    credit_contra: Sink | None
    credit_lot_id: UUID | None
    credits: int
    decided_at: datetime


def into(lot_id: UUID, source: Source, credits: int, transaction_id: UUID, ordinal: int, at: datetime) -> Posting:
    """Credits enter a lot."""
    return Posting(transaction_id, ordinal, source, None, None, lot_id, credits, at)


def out_of(lot_id: UUID, sink: Sink, credits: int, transaction_id: UUID, ordinal: int, at: datetime) -> Posting:
    """Credits leave a lot."""
    return Posting(transaction_id, ordinal, None, lot_id, sink, None, credits, at)
