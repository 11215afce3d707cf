"""Everything billing reacts to: these tables are its summary."""

from __future__ import annotations

from services.billing.handlers.asking import cancel_request, decline_request, request_top_up
from services.billing.handlers.auto_buying import accounts_due
from services.billing.handlers.auto_top_up import set_auto_top_up, stop_auto_top_up
from services.billing.handlers.balances import keep_balances
from services.billing.handlers.buying import purchase_top_up
from services.billing.handlers.clockwork import purchases_due, requests_due
from services.billing.handlers.crediting import purchase_credited
from services.billing.handlers.deciding import decide_recall
from services.billing.handlers.directory import (
    forget,
    keep_catalog,
    keep_members,
    keep_withdrawn_catalog,
    keep_workspaces,
)
from services.billing.handlers.one_by_one import one_by_one
from services.billing.handlers.parked import list_parked, review_parked
from services.billing.handlers.proposing import lots_appraised, propose_refund
from services.billing.handlers.quoting import quote_top_up
from services.billing.handlers.reconciling import reconcile_payments
from services.billing.handlers.refunding import freeze_refused, purchase_frozen, refund_purchase
from services.billing.handlers.retrying import retry_purchase
from services.billing.handlers.spending import set_spending_caps
from services.billing.handlers.timers import AUTO_TOP_UP, REQUEST_EXPIRY, UNPAID
from services.billing.repository import BillingRepository
from shared.contracts.auto_top_up import SetAutoTopUp, StopAutoTopUp
from shared.contracts.catalog import (
    BILLING_OPERATOR_COMMANDS,
    LEDGER_BALANCE,
    LEDGER_PURCHASE,
    PRICE_CATALOG,
    TOP_UP_COMMANDS,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.credit_ledger import BalanceChanged, PurchaseCredited
from shared.contracts.decode import Tombstone
from shared.contracts.operator_commands import DecideRecall, OperatorRefund, ProposeOperatorRefund
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.recalls import FreezeRefused, LotsAppraised, PurchaseFrozen
from shared.contracts.reconciliation import ListParkedPayments, ReconcilePayments, ReviewParkedPayment
from shared.contracts.refunds import ProposeRefund, RefundPurchase
from shared.contracts.spending import SetSpendingCaps
from shared.contracts.top_up_commands import (
    CancelRequest,
    DeclineRequest,
    PurchaseTopUp,
    QuoteTopUp,
    RequestTopUp,
    RetryPurchase,
)
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from shared.messaging.work import Alarm, Lane, Once, Reaction

Row = Reaction[BillingRepository]

DIRECTORY: tuple[Row, ...] = (
    Reaction(WORKSPACE_DIRECTORY, WorkspaceChanged, keep_workspaces, Once.VERSION),
    Reaction(WORKSPACE_DIRECTORY, MemberChanged, keep_members, Once.VERSION),
    Reaction(WORKSPACE_DIRECTORY, Tombstone, forget, Once.VERSION),
    Reaction(PRICE_CATALOG, CatalogPublished, keep_catalog, Once.VERSION),
    Reaction(PRICE_CATALOG, Tombstone, keep_withdrawn_catalog, Once.VERSION),
)
COMMANDS: tuple[Row, ...] = (
    Reaction(TOP_UP_COMMANDS, QuoteTopUp, one_by_one(quote_top_up), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, RequestTopUp, one_by_one(request_top_up), Once.BUSINESS_ID),
    Reaction(TOP_UP_COMMANDS, CancelRequest, one_by_one(cancel_request), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, DeclineRequest, one_by_one(decline_request), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, PurchaseTopUp, one_by_one(purchase_top_up), Once.BUSINESS_ID),
    # By its envelope too: an attempt refused today may begin tomorrow, but only by a new message of the buyer's.
    Reaction(TOP_UP_COMMANDS, RetryPurchase, one_by_one(retry_purchase), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, SetSpendingCaps, one_by_one(set_spending_caps), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, SetAutoTopUp, one_by_one(set_auto_top_up), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, StopAutoTopUp, one_by_one(stop_auto_top_up), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, ProposeRefund, one_by_one(propose_refund), Once.INBOX),
    Reaction(TOP_UP_COMMANDS, RefundPurchase, one_by_one(refund_purchase), Once.BUSINESS_ID),
)
# Who may write here is Kafka's to say: the operators' user alone.
OPERATORS: tuple[Row, ...] = (
    Reaction(BILLING_OPERATOR_COMMANDS, ProposeOperatorRefund, one_by_one(propose_refund), Once.INBOX),
    Reaction(BILLING_OPERATOR_COMMANDS, OperatorRefund, one_by_one(refund_purchase), Once.BUSINESS_ID),
    Reaction(BILLING_OPERATOR_COMMANDS, DecideRecall, one_by_one(decide_recall), Once.BUSINESS_ID),
    Reaction(BILLING_OPERATOR_COMMANDS, ReconcilePayments, reconcile_payments, Once.BUSINESS_ID),
    Reaction(BILLING_OPERATOR_COMMANDS, ListParkedPayments, list_parked, Once.INBOX),
    Reaction(BILLING_OPERATOR_COMMANDS, ReviewParkedPayment, one_by_one(review_parked), Once.BUSINESS_ID),
)
OUTCOMES: tuple[Row, ...] = (
    Reaction(LEDGER_PURCHASE, PurchaseCredited, one_by_one(purchase_credited), Once.BUSINESS_ID),
    Reaction(LEDGER_PURCHASE, LotsAppraised, one_by_one(lots_appraised), Once.INBOX),
    Reaction(LEDGER_PURCHASE, PurchaseFrozen, one_by_one(purchase_frozen), Once.BUSINESS_ID),
    Reaction(LEDGER_PURCHASE, FreezeRefused, one_by_one(freeze_refused), Once.BUSINESS_ID),
)
BALANCES: tuple[Row, ...] = (Reaction(LEDGER_BALANCE, BalanceChanged, keep_balances, Once.VERSION),)
HANDLERS: tuple[Row, ...] = (*DIRECTORY, *COMMANDS, *OPERATORS, *OUTCOMES, *BALANCES)

LANES: tuple[Lane[BillingRepository], ...] = (
    Lane("directory", DIRECTORY),
    # No command is decided before the directory and the catalog are as new as the log was at start (cold start).
    Lane("commands", COMMANDS, after=(WORKSPACE_DIRECTORY, PRICE_CATALOG), max_batch=100),
    Lane("operators", OPERATORS, after=(WORKSPACE_DIRECTORY, TOP_UP_COMMANDS), max_batch=100),
    # What the ledger did to a purchase comes after the command that made it, also when both are read anew.
    Lane("outcomes", OUTCOMES, after=(WORKSPACE_DIRECTORY, TOP_UP_COMMANDS)),
    # Apart from the commands: every burn of every account comes by here.
    Lane("balances", BALANCES),
)
ALARMS: tuple[Alarm[BillingRepository], ...] = (
    Alarm(REQUEST_EXPIRY, requests_due),
    Alarm(UNPAID, purchases_due),
    Alarm(AUTO_TOP_UP, accounts_due),
)
