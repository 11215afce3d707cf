"""The directory's changes: kept for decisions to come, and told where they pause or free bought credits (C4, C5).

Every run locks all its workspaces up front in the order of their ids, then its accounts, as every decision does. A
batch of several types is several runs in one transaction, and no handler sees the runs to come: the second may want a
workspace that goes before those of the first. Two such batches, or one and a batch of usage, can then wait for one
another; PostgreSQL ends one of them and the runtime does it again, as weather.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from services.credit_ledger.domain.books import AccountKey
from services.credit_ledger.domain.directory import Directory
from services.credit_ledger.domain.eligibility import Workspace
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.handlers.renewal import QUOTA_RENEWAL, key_of, ref_of
from services.credit_ledger.repository import LedgerRepository
from shared.contracts.decode import Tombstone
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from shared.messaging.work import Effect, Received, Work


def change_workspaces(run: Sequence[Received[WorkspaceChanged]], work: Work[LedgerRepository]) -> list[Effect]:
    """Workspaces as they are from now on, one change after the other: each crossing is told."""

    def apply(directory: Directory, received: Received[WorkspaceChanged]) -> list[AccountKey]:
        change = received.message
        workspace = Workspace(change.workspace_id, change.plan, change.status, change.cycle_anchor)
        return directory.change_workspace(workspace, change.version, received.appended_at)

    work.repository.directory.name_workspaces({received.message.workspace_id for received in run})
    return _change(run, _whole({received.message.workspace_id for received in run}, work.repository), apply, work)


def change_members(run: Sequence[Received[MemberChanged]], work: Work[LedgerRepository]) -> list[Effect]:
    """Members as they are from now on."""

    def apply(directory: Directory, received: Received[MemberChanged]) -> list[AccountKey]:
        change = received.message
        key = (change.workspace_id, change.user_id)
        return directory.change_member(key, change.role, change.version, received.appended_at)

    keys = {(received.message.workspace_id, received.message.user_id) for received in run}
    repository = work.repository
    directory = Directory(
        repository.directory.hold_workspaces({workspace_id for workspace_id, _ in keys}),
        repository.directory.members(keys),
        repository.accounts.lock(keys),
    )
    return _change(run, directory, apply, work)


def remove(run: Sequence[Received[Tombstone]], work: Work[LedgerRepository]) -> list[Effect]:
    """A key with a slash names a member who has left, one without names a workspace that is gone."""

    def apply(directory: Directory, received: Received[Tombstone]) -> list[AccountKey]:
        key = key_of(received.message.key)
        if "/" in received.message.key:
            return directory.remove_member(key, received.appended_at)
        return directory.remove_workspace(key[0], received.appended_at)

    keys = {received.message.key for received in run}
    work.repository.directory.name_workspaces({key for key in keys if "/" not in key})
    return _change(run, _whole({key_of(key)[0] for key in keys}, work.repository), apply, work)


def publish_catalog(run: Sequence[Received[CatalogPublished]], work: Work[LedgerRepository]) -> list[Effect]:
    """Versions live side by side; what a period or a price needs is looked up by its time."""
    for received in run:
        work.repository.catalogs.add(received.message)
    return []


def _whole(workspace_ids: set[str], repository: LedgerRepository) -> Directory:
    """These workspaces with everybody and every account in them."""
    return Directory(
        repository.directory.hold_workspaces(workspace_ids),
        repository.directory.members_of(workspace_ids),
        repository.accounts.lock_all_of(workspace_ids),
    )


def _change(
    run: Sequence[Received[Any]],
    directory: Directory,
    apply: Callable[[Directory, Received[Any]], list[AccountKey]],
    work: Work[LedgerRepository],
) -> list[Effect]:
    causes = {key: received.cause for received in run for key in apply(directory, received)}
    changed = [account for account in directory.accounts.values() if account.changed]
    work.repository.directory.write(directory)
    work.repository.accounts.write(changed, ())
    if directory.due:
        work.timers.set_many(QUOTA_RENEWAL, [(ref_of(key), at) for key, at in directory.due.items()])
    effects: list[Effect] = []
    for account in changed:
        effects.extend(announce(account, directory.may(account.key), causes[account.key]))
    return effects
