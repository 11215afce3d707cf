"""Who is told what when: one table, the service's summary (N1, N2, A3, A6).

`because_of` is set where people are told because of a role: they are found by it when the event is handled, and must
still hold it when the email goes out (N3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.notification.domain.matters import PaidAndCredited, WorkspaceFreed, WorkspacePaused
from services.notification.domain.members import DECIDERS, OWNER, Deciders, others
from services.notification.domain.notice import Facts, Notice, Occasion
from shared.contracts.auto_top_up import AutoTopUpStopped
from shared.contracts.credit_ledger import (
    POOL,
    BalanceLow,
    CreditsExhausted,
    CreditsFreed,
    CreditsPaused,
    PurchaseCredited,
)
from shared.contracts.message import Message
from shared.contracts.notification import NoticeKind
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseDeclined,
    RequestCancelled,
    RequestDeclined,
    RequestExpired,
    RequestFulfilled,
    TopUpRequested,
)

E = TypeVar("E")
RequestResolved = RequestFulfilled | RequestDeclined | RequestCancelled | RequestExpired
AccountMoved = CreditsPaused | CreditsFreed | BalanceLow | CreditsExhausted


@dataclass(frozen=True, slots=True)
class Telling(Generic[E]):
    """One row: when `event` happens, `whom` get a notice of `kind`, worded by the template `wording`."""

    event: type[E]
    whom: Callable[[E, Deciders], Iterable[str]]
    kind: NoticeKind
    wording: str
    about: Callable[[E], str]
    facts: Callable[[E, str], Facts]
    because_of: frozenset[str] | None = None
    by_email: bool = True
    folded: bool = False


def _data(event: Message, _: str) -> Facts:
    """The event's own data: ids and amounts, nothing personal."""
    return event.wire()


def _own_line(event: PurchaseCredited, user_id: str) -> Facts:
    """What this editor got; what the others got is not for everybody."""
    line = next(line for line in event.lines if line.user_id == user_id)
    return {"purchase_id": event.purchase_id, "buyer_id": event.buyer_id, **line.model_dump(mode="json")}


def _request(event: TopUpRequested | RequestResolved) -> str:
    return event.request_id


def _asker(event: RequestResolved, _: Deciders) -> list[str]:
    return [event.asker_id]


def _buyer(event: PaidAndCredited | PurchaseDeclined | PurchaseActionRequired, _: Deciders) -> list[str]:
    return [event.buyer_id]


def _purchase(event: PaidAndCredited | PurchaseCredited | PurchaseDeclined | PurchaseActionRequired) -> str:
    return event.purchase_id


def _account(event: AccountMoved) -> str:
    return event.key()


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
        _data,
        because_of=DECIDERS,
        folded=True,
    ),
    Telling(RequestFulfilled, _asker, "request_resolved", "request_fulfilled", _request, _data),
    Telling(RequestDeclined, _asker, "request_resolved", "request_declined", _request, _data),
    Telling(RequestExpired, _asker, "request_resolved", "request_expired", _request, _data),
    # The asker did it: the outcome stands in-app (A6), a mail about it would be noise.
    Telling(RequestCancelled, _asker, "request_resolved", "request_cancelled", _request, _data, by_email=False),
    Telling(PaidAndCredited, _buyer, "purchase_receipt", "purchase_receipt", _purchase, lambda event, _: event.facts),
    Telling(
        PurchaseCredited,
        lambda event, _: [line.user_id for line in event.lines],
        "credits_received",
        "credits_received",
        _purchase,
        _own_line,
    ),
    Telling(PurchaseDeclined, _buyer, "purchase_declined", "purchase_declined", _purchase, _data),
    Telling(PurchaseActionRequired, _buyer, "action_required", "action_required", _purchase, _data),
    Telling(
        AutoTopUpStopped,
        lambda _, deciders: deciders.holding(DECIDERS),
        "auto_top_up_stopped",
        "auto_top_up_stopped",
        lambda event: f"{event.workspace_id}/{event.user_id}",
        _data,
        because_of=DECIDERS,
    ),
    Telling(CreditsPaused, _account_user, "credits_paused", "credits_paused", _account, _data),
    Telling(CreditsFreed, _account_user, "credits_freed", "credits_freed", _account, _data),
    Telling(BalanceLow, _account_user, "credits_low", "credits_low", _account, _data),
    Telling(CreditsExhausted, _account_user, "credits_exhausted", "credits_exhausted", _account, _data),
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
)

ROLES_TOLD: Mapping[str, frozenset[str] | None] = {telling.wording: telling.because_of for telling in TELLINGS}
_BY_EVENT: Mapping[type[Any], Telling[Any]] = {telling.event: telling for telling in TELLINGS}


def notices_about(event: object, occasion: Occasion, deciders: Deciders) -> list[Notice]:
    """The notices that the table asks for when `event` happens. Nobody is told twice of one event (N4)."""
    telling = _BY_EVENT[type(event)]
    people = dict.fromkeys(telling.whom(event, deciders))
    return [
        Notice(
            occasion=occasion,
            user_id=user_id,
            kind=telling.kind,
            wording=telling.wording,
            about_id=telling.about(event),
            facts=telling.facts(event, user_id),
            by_email=telling.by_email,
            folded=telling.folded,
        )
        for user_id in people
    ]
