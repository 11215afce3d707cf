"""What the ledger reacts to. Reading these tables is reading the service."""

from __future__ import annotations

from services.credit_ledger.handlers.directory import change_members, change_workspaces, publish_catalog, remove
from services.credit_ledger.handlers.holds import HOLD_EXPIRY, expire_holds, handle_holds
from services.credit_ledger.handlers.operators import handle_deeds
from services.credit_ledger.handlers.purchases import credit_purchase
from services.credit_ledger.handlers.recalls import appraise_lots, close_recalls, open_recalls
from services.credit_ledger.handlers.renewal import QUOTA_RENEWAL, renew
from services.credit_ledger.handlers.reversals import reverse_usage
from services.credit_ledger.handlers.usage import report_usage
from services.credit_ledger.repository import LedgerRepository
from shared.contracts.catalog import (
    HOLD_COMMANDS,
    LEDGER_OPERATOR_COMMANDS,
    PRICE_CATALOG,
    PRODUCT_USAGE,
    TOP_UP,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.decode import Tombstone
from shared.contracts.holds import CaptureHold, HoldCredits, ReleaseHold
from shared.contracts.operator_commands import CorrectCredits, GrantCredits
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.product import UsageReported, UsageReversed
from shared.contracts.recalls import LotsAppraisalAsked, RecallClosed, RecallOpened
from shared.contracts.top_up_events import PurchasePaid
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from shared.messaging.work import Alarm, Lane, Once, Reaction

__all__ = ["ALARMS", "LANES"]

_KNOWN_FIRST = (WORKSPACE_DIRECTORY, PRICE_CATALOG)

# One sync to disk serves the whole batch; above some thousands nothing is gained and a rollback costs more.
USAGE_BATCH = 5_000

LANES: tuple[Lane[LedgerRepository], ...] = (
    Lane(
        "directory",
        (
            Reaction(WORKSPACE_DIRECTORY, WorkspaceChanged, change_workspaces, Once.VERSION),
            Reaction(WORKSPACE_DIRECTORY, MemberChanged, change_members, Once.VERSION),
            Reaction(WORKSPACE_DIRECTORY, Tombstone, remove, Once.VERSION),
            Reaction(PRICE_CATALOG, CatalogPublished, publish_catalog, Once.VERSION),
        ),
    ),
    Lane(
        "purchases",
        (
            Reaction(TOP_UP, PurchasePaid, credit_purchase, Once.BUSINESS_ID),
            Reaction(TOP_UP, LotsAppraisalAsked, appraise_lots, Once.INBOX),
            Reaction(TOP_UP, RecallOpened, open_recalls, Once.BUSINESS_ID),
            Reaction(TOP_UP, RecallClosed, close_recalls, Once.BUSINESS_ID),
        ),
        after=_KNOWN_FIRST,
    ),
    Lane(
        "operators",
        (
            Reaction(LEDGER_OPERATOR_COMMANDS, GrantCredits, handle_deeds, Once.BUSINESS_ID, mixed=True),
            Reaction(LEDGER_OPERATOR_COMMANDS, CorrectCredits, handle_deeds, Once.BUSINESS_ID, mixed=True),
        ),
        after=_KNOWN_FIRST,
    ),
    Lane(
        "holds",
        (
            Reaction(HOLD_COMMANDS, HoldCredits, handle_holds, Once.BUSINESS_ID, mixed=True),
            Reaction(HOLD_COMMANDS, CaptureHold, handle_holds, Once.BUSINESS_ID, mixed=True),
            Reaction(HOLD_COMMANDS, ReleaseHold, handle_holds, Once.BUSINESS_ID, mixed=True),
        ),
        after=_KNOWN_FIRST,
    ),
    Lane(
        "usage",
        (
            Reaction(PRODUCT_USAGE, UsageReported, report_usage, Once.BUSINESS_ID),
            Reaction(PRODUCT_USAGE, UsageReversed, reverse_usage, Once.BUSINESS_ID),
        ),
        after=_KNOWN_FIRST,
        max_batch=USAGE_BATCH,
    ),
)

ALARMS: tuple[Alarm[LedgerRepository], ...] = (
    Alarm(QUOTA_RENEWAL, renew, max_batch=100, rests=1.0),
    Alarm(HOLD_EXPIRY, expire_holds, max_batch=500),
)
