"""Who is told what when: one table, the service's summary (N1, N2, A3, A6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.notification.domain.matters import PaidAndCredited, WorkspaceFreed, WorkspacePaused
from services.notification.domain.members import DECIDERS, OWNER, Deciders, others
from services.notification.domain.notice import Facts, Notice, Occasion
from services.notification.handlers.going_back import GOING_BACK
from services.notification.handlers.telling import Telling, account, buyer, data, owner_and_admins, purchase
from shared.contracts.auto_top_up import AutoTopUpStopped
from shared.contracts.credit_ledger import (
    POOL,
    BalanceLow,
    CreditsExhausted,
    CreditsFreed,
    CreditsPaused,
    PurchaseCredited,
)
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseDeclined,
    RequestCancelled,
    RequestDeclined,
    RequestExpired,
    RequestFulfilled,
    TopUpRequested,
)

RequestResolved = RequestFulfilled | RequestDeclined | RequestCancelled | RequestExpired
AccountMoved = CreditsPaused | CreditsFreed | BalanceLow | CreditsExhausted


def _own_line(event: PurchaseCredited, user_id: str) -> Facts:
    """What this editor got; what the others got is not for everybody."""
    line = next(line for line in event.lines if line.user_id == user_id)
    own = line.model_dump(mode="json", exclude_none=True)
    return {"purchase_id": event.purchase_id, "buyer_id": event.buyer_id, **own}


def _paid_and_credited(whole: PaidAndCredited, _: str) -> Facts:
    """What was paid for, each line with what of it settled a debt."""
    if not whole.debts:
        return whole.facts
    lines = [
        {**line, "debt_settled": whole.debts[line["user_id"]]} if line["user_id"] in whole.debts else line
        for line in whole.facts["lines"]
    ]
    return {**whole.facts, "lines": lines}


def _request(event: TopUpRequested | RequestResolved) -> str:
    return event.request_id


def _asker(event: RequestResolved, _: Deciders) -> list[str]:
    return [event.asker_id]


def _account_user(event: AccountMoved, _: Deciders) -> list[str]:
    """Nobody owns the pool of a workspace."""
    return others([event.user_id], than=POOL)


def _owner(_: WorkspacePaused | WorkspaceFreed, deciders: Deciders) -> list[str]:
    return deciders.holding(OWNER)


TELLINGS: tuple[Telling[Any], ...] = (
    Telling(
        TopUpRequested,
        lambda event, deciders: others(deciders.holding(DECIDERS), than=event.asker_id),
        "top_up_requested",
        "top_up_requested",
        _request,
        data,
        because_of=DECIDERS,
        folded=True,
    ),
    Telling(RequestFulfilled, _asker, "request_resolved", "request_fulfilled", _request, data),
    Telling(RequestDeclined, _asker, "request_resolved", "request_declined", _request, data),
    Telling(RequestExpired, _asker, "request_resolved", "request_expired", _request, data),
    # The asker did it: the outcome stands in-app (A6), a mail about it would be noise.
    Telling(RequestCancelled, _asker, "request_resolved", "request_cancelled", _request, data, by_email=False),
    Telling(PaidAndCredited, buyer, "purchase_receipt", "purchase_receipt", purchase, _paid_and_credited),
    Telling(
        PurchaseCredited,
        lambda event, _: [line.user_id for line in event.lines],
        "credits_received",
        "credits_received",
        purchase,
        _own_line,
    ),
    Telling(PurchaseDeclined, buyer, "purchase_declined", "purchase_declined", purchase, data),
    Telling(PurchaseActionRequired, buyer, "action_required", "action_required", purchase, data),
    Telling(
        AutoTopUpStopped,
        owner_and_admins,
        "auto_top_up_stopped",
        "auto_top_up_stopped",
        lambda event: f"{event.workspace_id}/{event.user_id}",
        data,
        because_of=DECIDERS,
    ),
    Telling(CreditsPaused, _account_user, "credits_paused", "credits_paused", account, data),
    Telling(CreditsFreed, _account_user, "credits_freed", "credits_freed", account, data),
    Telling(BalanceLow, _account_user, "credits_low", "credits_low", account, data),
    Telling(CreditsExhausted, _account_user, "credits_exhausted", "credits_exhausted", account, data),
    Telling(
        WorkspacePaused,
        _owner,
        "credits_paused",
        "workspace_paused",
        lambda event: event.workspace_id,
        lambda event, _: {"cause": event.cause},
        because_of=OWNER,
    ),
    Telling(
        WorkspaceFreed,
        _owner,
        "credits_freed",
        "workspace_freed",
        lambda event: event.workspace_id,
        lambda event, _: {},
        because_of=OWNER,
    ),
    *GOING_BACK,
)

ROLES_TOLD: Mapping[str, frozenset[str] | None] = {telling.wording: telling.because_of for telling in TELLINGS}


def notices_about(event: object, occasion: Occasion, deciders: Deciders) -> list[Notice]:
    """The notices that the table asks for when `event` happens.

    Nobody is told twice of one event (N4): of several rows the first one that names a person counts.
    """
    notices: dict[str, Notice] = {}
    for telling in _BY_EVENT[type(event)]:
        for user_id in telling.whom(event, deciders):
            if user_id not in notices:
                notices[user_id] = _notice(telling, event, occasion, user_id)
    return list(notices.values())


def _notice(telling: Telling[Any], event: object, occasion: Occasion, user_id: str) -> Notice:
    return Notice(
        occasion=occasion,
        user_id=user_id,
        kind=telling.kind,
        wording=telling.wording,
        about_id=telling.about(event),
        facts=telling.facts(event, user_id),
        by_email=telling.by_email,
        folded=telling.folded,
    )


_BY_EVENT: Mapping[type[Any], tuple[Telling[Any], ...]] = {
    event: tuple(telling for telling in TELLINGS if telling.event is event)
    for event in {telling.event for telling in TELLINGS}
}
