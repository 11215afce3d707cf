"""One row of the table of who is told what, and what the rows are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from services.notification.domain.members import DECIDERS, Deciders
from services.notification.domain.notice import Facts
from shared.contracts.message import Message
from shared.contracts.notification import NoticeKind

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Telling(Generic[E]):
    """One row: when `event` happens, `whom` get a notice of `kind`, worded by the template `wording`.

    `because_of` is set where people are told because of a role: they are found by it when the event is handled, and
    must still hold it when the email goes out (N3).
    """

    event: type[E]
    whom: Callable[[E, Deciders], Iterable[str]]
    kind: NoticeKind
    wording: str
    about: Callable[[E], str]
    facts: Callable[[E, str], Facts]
    because_of: frozenset[str] | None = None
    by_email: bool = True
    folded: bool = False


class _Bought(Protocol):
    @property
    def buyer_id(self) -> str: ...


class _OfPurchase(Protocol):
    @property
    def purchase_id(self) -> str: ...


class _OfAccount(Protocol):
    def key(self) -> str: ...


def data(event: Message, _: str) -> Facts:
    """The event's own data: ids and amounts, nothing personal."""
    return event.wire()


def buyer(event: _Bought, _: Deciders) -> list[str]:
    """Who bought it, whatever the role is now."""
    return [event.buyer_id]


def owner_and_admins(_: object, deciders: Deciders) -> list[str]:
    """Everybody who decides about purchases."""
    return deciders.holding(DECIDERS)


def purchase(event: _OfPurchase) -> str:
    """It is about this purchase."""
    return event.purchase_id


def account(event: _OfAccount) -> str:
    """It is about this account: `workspace/user`."""
    return event.key()
