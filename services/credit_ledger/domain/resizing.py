"""A plan or seat that changes inside a period changes the quota, and never what was used of it (C8)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Resize(NamedTuple):
    """One change of an account's quota inside a period, by the account's version. `grown` credits were added to the
    lot in the transaction `transaction_id`; a smaller quota moves nothing: the lot withholds the difference."""

    workspace_id: str
    user_id: str
    version: int
    period_start: datetime
    quota_before: int
    quota: int
    grown: int
    transaction_id: UUID | None
    decided_at: datetime


def column(resizes: Iterable[Resize], name: str) -> list[object]:
    """One field of all of them."""
    return [getattr(each, name) for each in resizes]
