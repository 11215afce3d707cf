"""Owned by credit-ledger: holds. Credits are taken when work begins, and given back when it fails (C9)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from shared.contracts.credit_ledger import AccountUser, LotMovement
from shared.contracts.fields import Credits, Id, Instant, PositiveCredits, ReasonText, TotalCredits, UuidText, Version
from shared.contracts.message import Message
from shared.contracts.reasons import Reason

DEFAULT_EXPIRY_S = 900  # a quarter of an hour: longer than most work, short enough that a lost product locks little up
MAX_EXPIRY_S = 86_400  # a day

Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
HoldSource = Annotated[str, Field(max_length=512)]

# Either measure, for those who check against the JSON Schema.
_MEASURES: list[JsonValue] = [
    {"required": ["credits"], "properties": {"credits": {"type": "integer"}}},
    {
        "required": ["action", "quantity"],
        "properties": {"action": {"type": "string"}, "quantity": {"type": "integer"}},
    },
]
_CAPTURED: list[JsonValue] = [
    {"required": ["credits"], "properties": {"credits": {"type": "integer"}}},
    {"required": ["quantity"], "properties": {"quantity": {"type": "integer"}}},
]


class _WorkspaceKeyed(Message):
    workspace_id: Id
    hold_id: Id

    def key(self) -> str:
        return self.workspace_id

    def entity(self) -> str:
        """What waits holds back the same hold's, not the workspace's others."""
        return f"{self.workspace_id}/{self.hold_id}"


class HoldCredits(_WorkspaceKeyed):
    """Work begins for a user: keep so many credits for it, or what so many units of an action cost (C9, C17).

    `hold_id` has one effect for ever, unique per workspace and envelope source (C11). The hold ends by itself
    `expires_in_s` seconds after the broker appended this command.
    """

    type: ClassVar[str] = "credit-ledger.hold-credits.v1"

    model_config = ConfigDict(json_schema_extra={"oneOf": _MEASURES})

    user_id: Id
    credits: PositiveCredits | None = None
    action: Id | None = None
    quantity: Quantity | None = None
    expires_in_s: Annotated[int, Field(strict=True, ge=1, le=MAX_EXPIRY_S)] = DEFAULT_EXPIRY_S

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        by_action = self.action is not None and self.quantity is not None
        if by_action == (self.credits is not None) or (self.action is None) != (self.quantity is None):
            raise ValueError("give either `credits`, or `action` and `quantity`")
        return self

    def entity(self) -> str:
        """Not held back by what waits for it: a capture that came first."""
        return f"{super().entity()}/begin"


class CaptureHold(_WorkspaceKeyed):
    """The work is done: burn so much of the hold and give back the rest. From the source that held.

    `quantity` is of the hold's own action, at the price that was kept with it (C17).
    """

    type: ClassVar[str] = "credit-ledger.capture-hold.v1"

    model_config = ConfigDict(json_schema_extra={"oneOf": _CAPTURED})

    credits: PositiveCredits | None = None
    quantity: Quantity | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        if (self.credits is None) == (self.quantity is None):
            raise ValueError("give either `credits` or `quantity`")
        return self


class ReleaseHold(_WorkspaceKeyed):
    """The work was cancelled or failed: give back the whole hold. From the source that held."""

    type: ClassVar[str] = "credit-ledger.release-hold.v1"


class _Answer(_WorkspaceKeyed):
    hold_source: HoldSource


class HoldPlaced(_Answer):
    """The credits are held for this hold and for nobody else, until `expires_at`."""

    type: ClassVar[str] = "credit-ledger.hold-placed.v1"

    user_id: Id
    credits: PositiveCredits
    expires_at: Instant
    catalog_version: Version | None = None


class _Ended(_Answer):
    user_id: Id
    returned: Credits
    lapsed: Credits


class HoldCaptured(_Ended):
    """So many of the held credits were burned; the rest was `returned` to its lots, or had `lapsed` with them (C12)."""

    type: ClassVar[str] = "credit-ledger.hold-captured.v1"

    credits: PositiveCredits


class HoldReleased(_Ended):
    """Nothing was burned: all was `returned` to its lots, or had `lapsed` with them (C12)."""

    type: ClassVar[str] = "credit-ledger.hold-released.v1"


class HoldExpired(_Ended):
    """Neither captured nor released in time: the hold has ended by itself.

    A capture that the broker appended before `expires_at` and that is handled later than this is still good.
    """

    type: ClassVar[str] = "credit-ledger.hold-expired.v1"

    expires_at: Instant


class HoldRefused(_Answer):
    """A hold, capture or release that did nothing. `short_by` says how many credits a hold lacked (C10)."""

    type: ClassVar[str] = "credit-ledger.hold-refused.v1"

    command: Literal["hold", "capture", "release"]
    reason: Reason
    detail: ReasonText
    needed: Credits
    available: TotalCredits
    short_by: TotalCredits


class _AccountKeyed(Message):
    workspace_id: Id
    user_id: AccountUser
    hold_id: Id
    hold_source: HoldSource
    transaction_id: UuidText

    def key(self) -> str:
        return f"{self.workspace_id}/{self.user_id}"


class CreditsHeld(_AccountKeyed):
    """Credits of this account are held: what was taken from which lots, in burning order (C1, C9)."""

    type: ClassVar[str] = "credit-ledger.credits-held.v1"

    credits: PositiveCredits
    lots: Annotated[tuple[LotMovement, ...], Field(min_length=1)]


class HoldEnded(_AccountKeyed):
    """What became of held credits, lot by lot: burned, returned to their lots, or lapsed with them.

    `late` says that the hold had been told as expired before: what is burned here was returned (or lapsed) there.
    """

    type: ClassVar[str] = "credit-ledger.hold-ended.v1"

    outcome: Literal["captured", "released", "expired"]
    late: Annotated[bool, Field(strict=True)] = False
    burned: tuple[LotMovement, ...] = ()
    returned: tuple[LotMovement, ...] = ()
    lapsed: tuple[LotMovement, ...] = ()
