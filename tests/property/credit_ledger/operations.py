"""What can come to the ledger, in small: few ids that collide, few credits that run out, months that pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import get_args

from hypothesis import strategies as st

from services.credit_ledger.domain.operator_deed import CorrectingDeed
from shared.contracts.decode import Tombstone
from shared.contracts.holds import CaptureHold, HoldCredits, ReleaseHold
from shared.contracts.message import Message
from shared.contracts.operator_commands import CorrectCredits, GrantCredits
from shared.contracts.product import UsageReported, UsageReversed
from shared.contracts.recalls import RecallClosed, RecallOpened, RecallVerdict
from shared.contracts.top_up_events import PurchasePaid
from shared.contracts.workspace import MemberChanged, Plan, Role, WorkspaceChanged, WorkspaceStatus
from tests.integration.credit_ledger.ledger import (
    capture,
    catalog,
    correction,
    grant,
    hold,
    member,
    paid,
    recall,
    release,
    reversal,
    usage,
    verdict,
    workspace,
)

BEGIN = datetime(2026, 1, 20, tzinfo=UTC)
WORKSPACES = ("acme", "zeta")
USERS = ("erin", "evan")
CATALOG = catalog(
    free_first_period=12, free=7, pro_editor=9, pro_guest_editor=4, business_editor=15, business_guest_editor=5
)
# Shorter ones rarely get far enough to burn what was bought.
LENGTH = 30
BORDER_DAYS = (5, 20, 28, 31)
ANCHORS = (date(2026, 1, 5), date(2026, 1, 31), date(2025, 11, 20))


# Steps of time to the next day on which a period may begin, and by so many minutes past or before its midnight.
BORDERS = ("-1", "0", "+1", "+59", "+60", "+61")
# How long before it was appended a usage occurred; a product's clock may also run ahead.
LATENESS_MINUTES = (0, 0, 0, 1, 30, 61, 24 * 60, -1, -30)


@dataclass(frozen=True)
class Ring:
    """The timers of a workspace's accounts are due."""

    workspace_id: str


@dataclass(frozen=True)
class HoldsRing(Ring):
    """Of its timers only those of its holds are."""


@dataclass(frozen=True)
class Operation:
    """Something that comes at an instant of the log."""

    content: Message | Tombstone | Ring
    at: datetime

    @property
    def workspace_id(self) -> str:
        if isinstance(self.content, Tombstone):
            return self.content.key.partition("/")[0]
        return str(getattr(self.content, "workspace_id"))  # noqa: B009 - every message here has one


def _usages(workspace_id: str) -> st.SearchStrategy[UsageReported]:
    return st.builds(
        lambda number, credits, user: usage(f"u{number}", credits, user, workspace_id, occurred_at=BEGIN),
        st.integers(0, 40),
        st.sampled_from([1, 4, 7, 12]),
        st.sampled_from(USERS),
    )


def _reversals(workspace_id: str) -> st.SearchStrategy[UsageReversed]:
    return st.builds(lambda number: reversal(f"u{number}", workspace_id), st.integers(0, 40))


def _holds(workspace_id: str) -> st.SearchStrategy[HoldCredits]:
    """Some for minutes, some past the next period's end."""
    return st.builds(
        lambda number, credits, user, expires_in_s: hold(f"h{number}", credits, user, workspace_id, expires_in_s),
        st.integers(0, 12),
        st.sampled_from([1, 4, 7, 12]),
        st.sampled_from(USERS),
        st.sampled_from([1, 2, 120, 86_400]),
    )


def _captures(workspace_id: str) -> st.SearchStrategy[CaptureHold]:
    return st.builds(
        lambda number, credits: capture(f"h{number}", credits, workspace_id),
        st.integers(0, 12),
        st.sampled_from([1, 3, 4, 12]),
    )


def _releases(workspace_id: str) -> st.SearchStrategy[ReleaseHold]:
    return st.builds(lambda number: release(f"h{number}", workspace_id), st.integers(0, 12))


def _purchases(workspace_id: str) -> st.SearchStrategy[PurchasePaid]:
    return st.builds(
        lambda number, credits, users: paid(f"p{number}", *users, credits=credits, workspace_id=workspace_id),
        st.integers(0, 5),
        st.integers(1, 2).map(lambda tens: 10 * tens),
        st.sampled_from([USERS[:1], USERS[1:], USERS]),
    )


def _recalls(workspace_id: str) -> st.SearchStrategy[RecallOpened | RecallClosed]:
    """A recall's number says which purchase and lines it is about: several are about the same."""

    def opened(number: int, untouched_only: bool) -> RecallOpened:
        return recall(*_about(number), workspace_id=workspace_id, untouched_only=untouched_only)

    def closed(number: int, step: int, take: bool) -> RecallClosed:
        word: RecallVerdict = "take_back" if take else "give_back"
        return verdict(*_about(number), verdict=word, step=step, workspace_id=workspace_id)

    numbers = st.integers(0, 8)
    return st.one_of(
        st.builds(opened, numbers, st.sampled_from([False, False, True])),
        st.builds(closed, numbers, st.integers(1, 3), st.booleans()),
    )


def _about(number: int) -> tuple[str, ...]:
    return (f"r{number}", f"p{number % 3}", *(USERS[:1], USERS[1:], USERS)[number // 3])


def _deeds(workspace_id: str) -> st.SearchStrategy[GrantCredits | CorrectCredits]:
    users, operators = st.sampled_from(USERS), st.sampled_from(("olga", "otto"))
    return st.one_of(
        st.builds(
            lambda number, credits, user, operator: grant(f"g{number}", credits, user, workspace_id, operator),
            st.integers(0, 5),
            st.sampled_from([3, 20, 26]),
            users,
            operators,
        ),
        st.builds(
            lambda number, deed, credits, user, operator: correction(
                f"c{number}", deed, credits, user, workspace_id, operator
            ),
            st.integers(0, 5),
            st.sampled_from(get_args(CorrectingDeed)),
            st.sampled_from([1, 4, 11]),
            users,
            operators,
        ),
    )


def _workspaces(workspace_id: str) -> st.SearchStrategy[WorkspaceChanged]:
    plans: tuple[Plan, ...] = get_args(Plan)
    statuses: tuple[WorkspaceStatus, ...] = get_args(WorkspaceStatus)
    return st.builds(
        lambda plan, status, version, anchor: workspace(workspace_id, plan, status, version, anchor),
        st.sampled_from(("business", *plans)),
        st.sampled_from(("active", *statuses)),
        st.integers(2, 30),
        st.sampled_from(ANCHORS),
    )


def _members(workspace_id: str) -> st.SearchStrategy[MemberChanged]:
    roles: tuple[Role, ...] = get_args(Role)
    return st.builds(
        lambda user, role, version: member(user, role, version, workspace_id),
        st.sampled_from(USERS),
        st.sampled_from(roles),
        st.integers(2, 30),
    )


def _gone(workspace_id: str) -> st.SearchStrategy[Tombstone]:
    return st.sampled_from([Tombstone(workspace_id), *(Tombstone(f"{workspace_id}/{user}") for user in USERS)])


def _contents(workspace_id: str) -> st.SearchStrategy[Message | Tombstone | Ring]:
    """Mostly usage, some purchases; what turns everything off is rare, or little else would be seen."""
    kinds: dict[str, tuple[int, st.SearchStrategy[Message | Tombstone | Ring]]] = {
        "usage": (24, _usages(workspace_id)),
        "reversal": (8, _reversals(workspace_id)),
        "hold": (12, _holds(workspace_id)),
        "capture": (8, _captures(workspace_id)),
        "release": (3, _releases(workspace_id)),
        "purchase": (6, _purchases(workspace_id)),
        "recall": (10, _recalls(workspace_id)),
        "deed": (4, _deeds(workspace_id)),
        "workspace": (3, _workspaces(workspace_id)),
        "member": (3, _members(workspace_id)),
        "ring": (3, st.just(Ring(workspace_id))),
        "gone": (1, _gone(workspace_id)),
    }
    weighted = [kind for kind, (weight, _) in kinds.items() for _ in range(weight)]
    return st.sampled_from(weighted).flatmap(lambda kind: kinds[kind][1])


@st.composite
def histories(draw: st.DrawFn, workspace_id: str | None = None) -> list[Operation]:
    """A history of one workspace, or of all: first what is known of each, then anything, in the order of the log."""
    names = (workspace_id,) if workspace_id else WORKSPACES
    history = [
        Operation(content, BEGIN)
        for name in names
        for content in (workspace(name), *(member(user, workspace_id=name) for user in USERS))
    ]
    times: list[timedelta | str] = [*[timedelta(0)] * 16, *(timedelta(days=days) for days in (3, 9, 31)), *BORDERS]
    steps = st.tuples(
        st.one_of(*(_contents(name) for name in names)),
        st.sampled_from(times),
        st.sampled_from(LATENESS_MINUTES),
    )
    at = BEGIN
    for content, step, minutes in draw(
        st.lists(steps, min_size=LENGTH // 2 if workspace_id else LENGTH, max_size=2 * LENGTH)
    ):
        at = _after(at, step)
        if isinstance(content, UsageReported):
            # A usage id keeps its content only when it is delivered again; told anew it is mostly another usage.
            content = content.model_copy(update={"occurred_at": at - timedelta(minutes=minutes)})
        history.append(Operation(content, at))
    return history


@st.composite
def doubled(draw: st.DrawFn, history: Sequence[Operation]) -> list[Operation]:
    """The same history with all that has one effect for ever delivered again, any number of them, any time later."""
    result = list(history)
    again = [each for place, each in enumerate(history) if _is_once_for_ever(each, history[:place])]
    for each in draw(st.lists(st.sampled_from(again), max_size=12)) if again else ():
        place = draw(st.integers(_first(result, each) + 1, len(result)))
        result.insert(place, Operation(each.content, result[place - 1].at))
    return result


@st.composite
def interleaved(draw: st.DrawFn, one: Sequence[Operation], other: Sequence[Operation]) -> list[Operation]:
    """Two histories mixed, each in its own order."""
    turns = draw(st.permutations([True] * len(one) + [False] * len(other)))
    ones, others = iter(one), iter(other)
    return [next(ones) if turn else next(others) for turn in turns]


cuts = st.lists(st.integers(0, 80), max_size=20).map(frozenset)


def _after(at: datetime, step: timedelta | str) -> datetime:
    if isinstance(step, timedelta):
        return at + step + timedelta(seconds=1)
    reached = at + timedelta(minutes=1)
    midnight = datetime(reached.year, reached.month, reached.day, tzinfo=UTC)
    while (moved := midnight + timedelta(minutes=int(step))) <= at or midnight.day not in BORDER_DAYS:
        midnight += timedelta(days=1)
    return moved


def _is_once_for_ever(each: Operation, before: Sequence[Operation]) -> bool:
    """A verdict about what nobody has heard of is kept by nobody."""
    if isinstance(each.content, RecallClosed):
        recall_id = each.content.recall_id
        return any(isinstance(x.content, RecallOpened) and x.content.recall_id == recall_id for x in before)
    return isinstance(
        each.content, UsageReported | PurchasePaid | HoldCredits | RecallOpened | GrantCredits | CorrectCredits
    )


def _first(history: Sequence[Operation], wanted: Operation) -> int:
    return next(place for place, each in enumerate(history) if each is wanted)
