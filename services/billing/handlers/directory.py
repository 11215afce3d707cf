"""The directory and the catalog: whole entities with a version; nothing is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import structlog

from services.billing.repository import BillingRepository
from shared.contracts.decode import Tombstone
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from shared.messaging.work import Effect, Received, Work

log = structlog.get_logger()


def keep_workspaces(messages: Sequence[Received[WorkspaceChanged]], work: Work[BillingRepository]) -> Iterable[Effect]:
    """The newest version of each workspace."""
    work.repository.directory.store_workspaces(received.message for received in messages)
    return ()


def keep_members(messages: Sequence[Received[MemberChanged]], work: Work[BillingRepository]) -> Iterable[Effect]:
    """The newest version of each member."""
    work.repository.directory.store_members(received.message for received in messages)
    return ()


def forget(messages: Sequence[Received[Tombstone]], work: Work[BillingRepository]) -> Iterable[Effect]:
    """A tombstone's key names a workspace, or a member as workspace/user."""
    keys = [received.message.key for received in messages]
    members = [(workspace, user) for workspace, slash, user in (key.partition("/") for key in keys) if slash]
    work.repository.directory.remove_workspaces(key for key in keys if "/" not in key)
    work.repository.directory.remove_members(members)
    return ()


def keep_catalog(messages: Sequence[Received[CatalogPublished]], work: Work[BillingRepository]) -> Iterable[Effect]:
    """Each version once and for ever: what was sold by it refers to it."""
    for received in messages:
        if work.repository.catalogs.store(received.message):
            log.info("catalog_stored", catalog_version=received.message.catalog_version)
    return ()


def keep_withdrawn_catalog(messages: Sequence[Received[Tombstone]], work: Work[BillingRepository]) -> Iterable[Effect]:
    """A version that the topic drops stays known here: purchases refer to it."""
    return ()
