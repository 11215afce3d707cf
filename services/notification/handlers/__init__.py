"""What this service reacts to: message type to handler. With `tellings.TELLINGS` it is the summary of the service."""

from __future__ import annotations

from services.notification.handlers.accounts import on_freed, on_paused
from services.notification.handlers.auto_top_ups import on_auto_top_up_stopped
from services.notification.handlers.directory import (
    on_contacts_changed,
    on_contacts_erased,
    on_directory_removed,
    on_members_changed,
    on_workspaces_changed,
)
from services.notification.handlers.purchases import on_credited, on_paid, on_unpaid
from services.notification.handlers.requests import on_requested, on_resolved
from services.notification.repository import NotificationRepository
from shared.contracts.auto_top_up import AutoTopUpStopped
from shared.contracts.catalog import LEDGER_ACCOUNT, LEDGER_PURCHASE, TOP_UP, WORKSPACE_CONTACT, WORKSPACE_DIRECTORY
from shared.contracts.credit_ledger import CreditsFreed, CreditsPaused, PurchaseCredited
from shared.contracts.decode import Tombstone
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
        Reaction(LEDGER_PURCHASE, PurchaseCredited, on_credited, Once.INBOX),
        Reaction(LEDGER_ACCOUNT, CreditsPaused, on_paused, Once.INBOX),
        Reaction(LEDGER_ACCOUNT, CreditsFreed, on_freed, Once.INBOX),
    ),
    # Whom to tell and where to reach them is known before the first event is told.
    after=(WORKSPACE_DIRECTORY, WORKSPACE_CONTACT),
)

LANES: tuple[Lane[Repository], ...] = (DIRECTORY, EVENTS)
