"""Keeping the copies of directory and contacts; tombstones remove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.repository import NotificationRepository
from shared.contracts.decode import Tombstone
from shared.contracts.workspace import ContactChanged, MemberChanged, WorkspaceChanged
from shared.messaging.work import Effect, Received, Work

Nothing: tuple[Effect, ...] = ()


def on_workspaces_changed(
    changed: Sequence[Received[WorkspaceChanged]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Keep the name of each workspace."""
    work.repository.directory.put_workspaces(received.message for received in changed)
    return Nothing


def on_members_changed(
    changed: Sequence[Received[MemberChanged]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Keep the role of each member."""
    work.repository.directory.put_members(received.message for received in changed)
    return Nothing


def on_directory_removed(
    removed: Sequence[Received[Tombstone]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """The key names what is gone: a workspace, or a member of one."""
    for received in removed:
        workspace_id, _, user_id = received.message.key.partition("/")
        if user_id:
            work.repository.directory.remove_member(workspace_id, user_id)
        else:
            work.repository.directory.remove_workspace(workspace_id)
    return Nothing


def on_contacts_changed(
    changed: Sequence[Received[ContactChanged]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Keep how people are called and reached."""
    work.repository.contacts.put(received.message for received in changed)
    return Nothing


def on_contacts_erased(erased: Sequence[Received[Tombstone]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Name and address are gone at once. A key with a slash is no person's: it only moves the log on."""
    for received in erased:
        if "/" not in received.message.key:
            work.repository.contacts.erase(received.message.key)
    return Nothing
