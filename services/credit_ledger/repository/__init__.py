"""The ledger's tables, on a connection inside an open transaction. Every statement takes a whole batch."""

from __future__ import annotations

import psycopg

from services.credit_ledger.domain.operator_deed import DEFAULT_LIMITS, OperatorLimits
from services.credit_ledger.repository.accounts import AccountRows
from services.credit_ledger.repository.catalogs import CatalogRows
from services.credit_ledger.repository.deeds import DeedRows
from services.credit_ledger.repository.directory import DirectoryRows
from services.credit_ledger.repository.holds import HoldRows
from services.credit_ledger.repository.purchases import PurchaseRows
from services.credit_ledger.repository.recalls import RecallRows
from services.credit_ledger.repository.reversals import ReversalRows
from services.credit_ledger.repository.usages import UsageRows

__all__ = ["LedgerRepository"]


class LedgerRepository:
    """All tables of one transaction. `limits` are those of operators (B15)."""

    def __init__(self, connection: psycopg.Connection, limits: OperatorLimits = DEFAULT_LIMITS) -> None:
        self.directory = DirectoryRows(connection)
        self.catalogs = CatalogRows(connection)
        self.accounts = AccountRows(connection)
        self.usages = UsageRows(connection)
        self.reversals = ReversalRows(connection)
        self.holds = HoldRows(connection, self.accounts)
        self.purchases = PurchaseRows(connection)
        self.recalls = RecallRows(connection)
        self.deeds = DeedRows(connection, limits)
