"""Billing's tables, behind nouns. Bound to one open transaction, which it neither begins nor commits."""

from __future__ import annotations

import psycopg

from services.billing.repository.auto_top_ups import AutoTopUps
from services.billing.repository.catalogs import Catalogs
from services.billing.repository.directory import Directory
from services.billing.repository.disputes import Disputes
from services.billing.repository.mirrored_refunds import MirroredRefunds
from services.billing.repository.parked import ParkedPayments
from services.billing.repository.payments import Payments
from services.billing.repository.processor_payments import ProcessorPayments
from services.billing.repository.purchases import Purchases
from services.billing.repository.reconciliations import Reconciliations
from services.billing.repository.refunds import Refunds
from services.billing.repository.refusals import Refusals
from services.billing.repository.requests import Requests
from services.billing.repository.spending import SpendingLimits
from services.billing.repository.webhooks import Webhooks


class BillingRepository:
    """Everything billing keeps. Locks are taken in this order: workspace, auto top-up, request, purchase, payment,
    refund, disputes."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.directory = Directory(connection)
        self.catalogs = Catalogs(connection)
        self.requests = Requests(connection)
        self.purchases = Purchases(connection)
        self.payments = Payments(connection)
        self.spending = SpendingLimits(connection)
        self.auto_top_ups = AutoTopUps(connection)
        self.refunds = Refunds(connection)
        self.mirrored_refunds = MirroredRefunds(connection)
        self.disputes = Disputes(connection)
        self.refusals = Refusals(connection)
        self.processor_payments = ProcessorPayments(connection)
        self.webhooks = Webhooks(connection)
        self.reconciliations = Reconciliations(connection)
        self.parked = ParkedPayments(connection)
