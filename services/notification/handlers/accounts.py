"""Accounts: credits paused, freed, low, gone. The user is told; of pauses the owner too, once for a workspace (N2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.notification.domain.matters import WorkspaceFreed, WorkspacePaused, crossing
from services.notification.domain.members import OWNER, Deciders
from services.notification.handlers.delivery import deliver, occasion_of, settle
from services.notification.handlers.tellings import notices_about
from services.notification.repository import NotificationRepository
from shared.contracts.credit_ledger import BalanceLow, CreditsExhausted, CreditsFreed, CreditsPaused
from shared.messaging.work import Effect, Outgoing, Park, Received, Work


def on_paused(received: Sequence[Received[CreditsPaused]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell the account's user; the owner as well when plan or status, and so the whole workspace, is behind it."""
    known = work.repository.directory.deciders(one.message.workspace_id for one in received)
    for one in received:
        paused = one.message
        if paused.workspace_id not in known and one.may_wait:
            yield _park(one)
            continue
        deciders = known.get(paused.workspace_id, Deciders())
        yield from _tell_the_user(one, work)
        of_workspace = paused.cause != "role" and not _is_owner(paused.user_id, deciders)
        # Who waits already learns nothing from one more account: credits bought into a paused workspace, for instance.
        if of_workspace and not _owner_waits(paused.workspace_id, work):
            whole = WorkspacePaused(paused.workspace_id, paused.cause)
            yield from _tell_the_owner(one, whole, deciders, work)


def on_freed(received: Sequence[Received[CreditsFreed]], work: Work[NotificationRepository]) -> Iterable[Effect]:
    """Tell the account's user; the owner as well when the owner was told of the workspace's pause."""
    known = work.repository.directory.deciders(one.message.workspace_id for one in received)
    for one in received:
        freed = one.message
        if freed.workspace_id not in known and one.may_wait:
            yield _park(one)
            continue
        deciders = known.get(freed.workspace_id, Deciders())
        yield from _tell_the_user(one, work)
        if _owner_waits(freed.workspace_id, work) and not _is_owner(freed.user_id, deciders):
            told = _tell_the_owner(one, WorkspaceFreed(freed.workspace_id), deciders, work)
            yield from told
            # Straggling accounts of the same crossing settle nothing: the workspace may be paused again by now.
            if told:
                yield from settle(freed.workspace_id, freed.workspace_id, "credits_paused", one.cause, work)


def on_spent(
    received: Sequence[Received[BalanceLow] | Received[CreditsExhausted]], work: Work[NotificationRepository]
) -> Iterable[Effect]:
    """Tell the account's user: the ledger says it once per crossing (C15)."""
    due = [
        (notice, one.cause) for one in received for notice in notices_about(one.message, occasion_of(one), Deciders())
    ]
    return deliver(due, work)


def _park(one: Received[CreditsPaused] | Received[CreditsFreed]) -> Park:
    return Park(one, waiting_for=f"owner of workspace {one.message.workspace_id}")


def _is_owner(user_id: str, deciders: Deciders) -> bool:
    """The owner's own account is told as any other; it is not told of twice."""
    return user_id in deciders.holding(OWNER)


def _owner_waits(workspace_id: str, work: Work[NotificationRepository]) -> bool:
    """Whether the owner was told of the workspace's pause, and not yet of its end."""
    return work.repository.notices.any_unsettled(workspace_id, workspace_id, "credits_paused")


def _tell_the_user(
    one: Received[CreditsPaused] | Received[CreditsFreed], work: Work[NotificationRepository]
) -> list[Outgoing]:
    notices = notices_about(one.message, occasion_of(one), Deciders())
    return deliver([(notice, one.cause) for notice in notices], work)


def _tell_the_owner(
    one: Received[CreditsPaused] | Received[CreditsFreed],
    whole: WorkspacePaused | WorkspaceFreed,
    deciders: Deciders,
    work: Work[NotificationRepository],
) -> list[Outgoing]:
    direction = "paused" if isinstance(whole, WorkspacePaused) else "freed"
    occasion = crossing(direction, one.cause.correlation_id or one.cause.id, occasion_of(one))
    notices = notices_about(whole, occasion, deciders)
    return deliver([(notice, one.cause) for notice in notices], work)
