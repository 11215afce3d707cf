"""What this service reacts to: message type to handler. With `tellings.TELLINGS` it is the summary of the service."""

from __future__ import annotations

from services.notification.handlers.accounts import on_freed, on_paused, on_spent
from services.notification.handlers.auto_top_ups import on_auto_top_up_stopped
from services.notification.handlers.commands import on_mark, on_preference, on_unsubscribe
from services.notification.handlers.directory import (
    on_contacts_changed,
    on_contacts_erased,
    on_directory_removed,
    on_members_changed,
    on_workspaces_changed,
)
from services.notification.handlers.operators import on_corrected, on_granted
from services.notification.handlers.purchases import on_credited, on_paid, on_unpaid
from services.notification.handlers.recalls import on_frozen, on_given_back, on_recall_opened, on_taken_back
from services.notification.handlers.refunds import on_money_back
from services.notification.handlers.requests import on_requested, on_resolved
from services.notification.repository import NotificationRepository
from shared.contracts.auto_top_up import AutoTopUpStopped
from shared.contracts.catalog import (
    LEDGER_ACCOUNT,
    LEDGER_PURCHASE,
    NOTIFICATION_COMMANDS,
    TOP_UP,
    WORKSPACE_CONTACT,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.credit_ledger import (
    BalanceLow,
    CreditsExhausted,
    CreditsFreed,
    CreditsGranted,
    CreditsPaused,
    PurchaseCredited,
)
from shared.contracts.decode import Tombstone
from shared.contracts.notification_commands import MarkNotices, SetEmailPreference, Unsubscribe
from shared.contracts.operator_commands import CreditsCorrected
from shared.contracts.recalls import PurchaseFrozen, PurchaseGivenBack, PurchaseTakenBack, RecallOpened
from shared.contracts.refunds import DisputeClosed, PurchaseDisputed, PurchaseRefunded, RefundFailed
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseDeclined,
    PurchasePaid,
    RequestCancelled,
    RequestDeclined,
    RequestExpired,
    RequestFulfilled,
    TopUpRequested,
)
from shared.contracts.workspace import ContactChanged, MemberChanged, WorkspaceChanged
from shared.messaging.work import Lane, Once, Reaction

Repository = NotificationRepository

DIRECTORY: Lane[Repository] = Lane(
    "directory",
    (
        Reaction(WORKSPACE_DIRECTORY, WorkspaceChanged, on_workspaces_changed, Once.VERSION),
        Reaction(WORKSPACE_DIRECTORY, MemberChanged, on_members_changed, Once.VERSION),
        Reaction(WORKSPACE_DIRECTORY, Tombstone, on_directory_removed, Once.VERSION),
        Reaction(WORKSPACE_CONTACT, ContactChanged, on_contacts_changed, Once.VERSION),
        Reaction(WORKSPACE_CONTACT, Tombstone, on_contacts_erased, Once.VERSION),
    ),
)

EVENTS: Lane[Repository] = Lane(
    "events",
    (
        Reaction(TOP_UP, TopUpRequested, on_requested, Once.INBOX),
        Reaction(TOP_UP, RequestFulfilled, on_resolved, Once.INBOX),
        Reaction(TOP_UP, RequestDeclined, on_resolved, Once.INBOX),
        Reaction(TOP_UP, RequestCancelled, on_resolved, Once.INBOX),
        Reaction(TOP_UP, RequestExpired, on_resolved, Once.INBOX),
        Reaction(TOP_UP, PurchasePaid, on_paid, Once.INBOX),
        Reaction(TOP_UP, PurchaseDeclined, on_unpaid, Once.INBOX),
        Reaction(TOP_UP, PurchaseActionRequired, on_unpaid, Once.INBOX),
        Reaction(TOP_UP, AutoTopUpStopped, on_auto_top_up_stopped, Once.INBOX),
        Reaction(TOP_UP, PurchaseRefunded, on_money_back, Once.INBOX),
        Reaction(TOP_UP, RefundFailed, on_money_back, Once.INBOX),
        Reaction(TOP_UP, PurchaseDisputed, on_money_back, Once.INBOX),
        Reaction(TOP_UP, DisputeClosed, on_money_back, Once.INBOX),
        Reaction(TOP_UP, RecallOpened, on_recall_opened, Once.BUSINESS_ID),
        Reaction(LEDGER_PURCHASE, PurchaseCredited, on_credited, Once.INBOX),
        Reaction(LEDGER_PURCHASE, PurchaseFrozen, on_frozen, Once.INBOX),
        Reaction(LEDGER_PURCHASE, PurchaseTakenBack, on_taken_back, Once.INBOX),
        Reaction(LEDGER_PURCHASE, PurchaseGivenBack, on_given_back, Once.INBOX),
        Reaction(LEDGER_ACCOUNT, CreditsPaused, on_paused, Once.INBOX),
        Reaction(LEDGER_ACCOUNT, CreditsFreed, on_freed, Once.INBOX),
        Reaction(LEDGER_ACCOUNT, BalanceLow, on_spent, Once.INBOX),
        Reaction(LEDGER_ACCOUNT, CreditsExhausted, on_spent, Once.INBOX),
        # Nearly all of them are quotas, which nobody is told of: the notice itself is what stands once.
        Reaction(LEDGER_ACCOUNT, CreditsGranted, on_granted, Once.BUSINESS_ID),
        Reaction(LEDGER_ACCOUNT, CreditsCorrected, on_corrected, Once.INBOX),
    ),
    # Whom to tell, where to reach them and what they want by email is known before the first event is told.
    after=(WORKSPACE_DIRECTORY, WORKSPACE_CONTACT, NOTIFICATION_COMMANDS),
)

COMMANDS: Lane[Repository] = Lane(
    "commands",
    (
        Reaction(NOTIFICATION_COMMANDS, MarkNotices, on_mark, Once.INBOX),
        Reaction(NOTIFICATION_COMMANDS, SetEmailPreference, on_preference, Once.INBOX),
        Reaction(NOTIFICATION_COMMANDS, Unsubscribe, on_unsubscribe, Once.INBOX),
    ),
)

LANES: tuple[Lane[Repository], ...] = (DIRECTORY, EVENTS, COMMANDS)
