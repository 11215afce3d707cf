"""Owned by credit-ledger: what became of purchases, usage, accounts and balances."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import (
    Credits,
    Flag,
    Id,
    Instant,
    PositiveCredits,
    ReasonText,
    TotalCredits,
    UuidText,
    Version,
)
from shared.contracts.message import Message
from shared.contracts.reasons import Reason

# The user of a workspace's pooled quota on Free (C6). No member can have this id: ids may not start with a tilde.
POOL = "~pool"
AccountUser = Annotated[str, Field(pattern=r"^(~pool|[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127})$")]
LotKind = Literal["quota", "top_up"]


class LotMovement(BaseModel):
    """Credits that went into or out of one lot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lot_id: UuidText
    kind: LotKind
    credits: PositiveCredits


class _WorkspaceKeyed(Message):
    workspace_id: Id

    def key(self) -> str:
        return self.workspace_id


class CreditedLine(BaseModel):
    """One editor's lot of a purchase. Balances of the account know of it from `balance_version` on. Of the
    credits `debt_settled` went at once into what the account owed (B11)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: Id
    lot_id: UuidText
    credits: PositiveCredits
    usable: Flag
    balance_version: Version | None = None
    debt_settled: PositiveCredits | None = None


class PurchaseCredited(_WorkspaceKeyed):
    """All lines of a paid purchase were credited in one transaction (B8). On `credit-ledger.purchase.v1`."""

    type: ClassVar[str] = "credit-ledger.purchase-credited.v1"

    purchase_id: UuidText
    buyer_id: Id
    lines: Annotated[tuple[CreditedLine, ...], Field(min_length=1)]
    credited_at: Instant


class UsageRefused(_WorkspaceKeyed):
    """A usage burned nothing: short by `short_by` credits, or not to be used (C5, C10). Final for its id (C11)."""

    type: ClassVar[str] = "credit-ledger.usage-refused.v1"

    usage_id: Id
    usage_source: Annotated[str, Field(max_length=512)]
    user_id: Id
    reason: Reason
    detail: ReasonText
    needed: Credits
    available: TotalCredits
    short_by: TotalCredits


class UsageReversalRefused(_WorkspaceKeyed):
    """Nothing was given back: there is no such usage, or it had burned nothing (C12)."""

    type: ClassVar[str] = "credit-ledger.usage-reversal-refused.v1"

    usage_id: Id
    usage_source: Annotated[str, Field(max_length=512)]
    reason: Reason
    detail: ReasonText


class _AccountKeyed(Message):
    workspace_id: Id
    user_id: AccountUser

    def key(self) -> str:
        return f"{self.workspace_id}/{self.user_id}"


class CreditsGranted(_AccountKeyed):
    """A lot was opened: a period's quota or a purchase's line. Told again of a quota that a larger plan or seat has
    made larger inside its period (C8), with what was added. `grant_id`: by an operator, unpaid (B15). `debt_settled`:
    how much of it went at once into what the account owed (B11)."""

    type: ClassVar[str] = "credit-ledger.credits-granted.v1"

    lot_id: UuidText
    kind: LotKind
    credits: PositiveCredits
    purchase_id: UuidText | None = None
    grant_id: UuidText | None = None
    debt_settled: PositiveCredits | None = None
    period_start: Instant | None = None
    period_end: Instant | None = None


class CreditsBurned(_AccountKeyed):
    """Usage of one account, coalesced: what it took from which lots, in burning order (C1)."""

    type: ClassVar[str] = "credit-ledger.credits-burned.v1"

    usages: Annotated[int, Field(strict=True, ge=1)]
    credits: TotalCredits
    lots: Annotated[tuple[LotMovement, ...], Field(min_length=1)]


class CreditsReturned(_AccountKeyed):
    """A usage was taken back: its credits returned to the lots they came from, or had lapsed with them (C12)."""

    type: ClassVar[str] = "credit-ledger.credits-returned.v1"

    usage_id: Id
    usage_source: Annotated[str, Field(max_length=512)]
    transaction_id: UuidText
    returned: tuple[LotMovement, ...] = ()
    lapsed: tuple[LotMovement, ...] = ()


class QuotaLapsed(_AccountKeyed):
    """What was left of a quota lot at its period's end is gone (C7)."""

    type: ClassVar[str] = "credit-ledger.quota-lapsed.v1"

    lot_id: UuidText
    credits: PositiveCredits


class CreditsPaused(_AccountKeyed):
    """Bought credits cannot be used for now; no balance moved (C4, C5)."""

    type: ClassVar[str] = "credit-ledger.credits-paused.v1"

    cause: Literal["plan", "status", "role"]
    top_up_credits: TotalCredits


class CreditsFreed(_AccountKeyed):
    """Bought credits can be used again; no balance moved (C4, C5)."""

    type: ClassVar[str] = "credit-ledger.credits-freed.v1"

    top_up_credits: TotalCredits


class BalanceLow(_AccountKeyed):
    """Using or holding credits has brought what is usable down to `threshold` or below (C15). Again only after it was
    above it."""

    type: ClassVar[str] = "credit-ledger.balance-low.v1"

    usable: TotalCredits
    threshold: TotalCredits
    quota: Credits
    quota_ends_at: Instant | None = None


class CreditsExhausted(_AccountKeyed):
    """Using or holding credits has left none that are usable (C15). Again only after there were some."""

    type: ClassVar[str] = "credit-ledger.credits-exhausted.v1"

    held: TotalCredits
    quota: Credits
    quota_ends_at: Instant | None = None


class LotBalance(BaseModel):
    """What is left of one lot. `withheld` is in it too, but a smaller plan or seat does not give it any more (C8).
    While it is `frozen` nobody can use it (B11, B12)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lot_id: UuidText
    kind: LotKind
    granted: PositiveCredits
    remaining: Credits
    withheld: Credits = 0
    frozen: Flag = False
    opened_at: Instant
    period_end: Instant | None = None


class BalanceChanged(_AccountKeyed):
    """An account's latest balance. `version` grows with every change: keep the highest.

    What is `held` (C9) is in no lot meanwhile, nor in any of the other sums; what is `frozen` (B11, B12) is in its lot
    and in no other sum. `debt` is what the account owes (C13): the next credits bought go into it first.
    """

    type: ClassVar[str] = "credit-ledger.balance-changed.v1"

    version: Version
    quota_remaining: TotalCredits
    top_up_remaining: TotalCredits
    usable: TotalCredits
    held: TotalCredits = 0
    frozen: TotalCredits = 0
    debt: TotalCredits = 0
    quota_ends_at: Instant | None = None
    top_up_paused: Flag
    lots: tuple[LotBalance, ...] = ()
