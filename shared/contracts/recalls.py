"""Credits of a purchase called back, by a refund or a dispute (B11, B12): what billing says, what the ledger answers.

A recall names lines of one credited purchase. Opened, it freezes what is unspent of them; closed, that is taken back,
and what was spent becomes debt of its account, or it is given back exactly. Billing's part is on `billing.top-up.v1`,
the ledger's on `credit-ledger.purchase.v1`; neither says anything about money.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Credits, Flag, Id, PositiveCredits, ReasonText, UuidText
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import MAX_LINES

RecallCause = Literal["refund", "dispute", "processor_refund"]
RecallVerdict = Literal["take_back", "give_back"]


class RecalledLot(BaseModel):
    """One line of a purchase, by the lot that it became."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user_id: Id
    lot_id: UuidText


class LotStanding(RecalledLot):
    """What became of a line's credits so far: `credits` = `unspent` + `held` + `spent` + `taken`.

    `unspent` is in the lot. `held` is kept for work that goes on (C9): captured it is spent, released it is unspent.
    `taken` has been taken back before, or withdrawn by an operator.
    """

    credits: PositiveCredits
    unspent: Credits
    held: Credits
    spent: Credits
    taken: Credits = 0


class TakenLot(RecalledLot):
    """What was taken back of a line: from the lot, and as debt of the account for what was spent or is held."""

    taken: Credits
    debt: Credits


class GivenLot(RecalledLot):
    """What was given back of a line: credits that are the account's again, and debt that is no more.

    Credits that had paid this debt meanwhile are counted in `given`; they are in the lots again that paid.
    """

    given: Credits
    debt_ended: Credits


RecalledLots = Annotated[tuple[RecalledLot, ...], Field(min_length=1, max_length=MAX_LINES)]
LotStandings = Annotated[tuple[LotStanding, ...], Field(min_length=1, max_length=MAX_LINES)]


class _OfPurchase(Message):
    workspace_id: Id
    purchase_id: UuidText

    def key(self) -> str:
        return self.workspace_id


class LotsAppraisalAsked(_OfPurchase):
    """Billing asks how much of these lines is unspent, before it proposes a refund. Nothing is frozen by asking."""

    type: ClassVar[str] = "billing.lots-appraisal-asked.v1"

    appraisal_id: UuidText
    lots: RecalledLots


class LotsAppraised(_OfPurchase):
    """How much of these lines was unspent when the ledger was asked. On `credit-ledger.purchase.v1`."""

    type: ClassVar[str] = "credit-ledger.lots-appraised.v1"

    appraisal_id: UuidText
    lots: LotStandings


class RecallOpened(_OfPurchase):
    """Freeze what is unspent of these lines, all of them or none.

    With `untouched_only` nothing is frozen unless every credit of every line is still in its lot. A recall id has one
    effect for ever.
    """

    type: ClassVar[str] = "billing.recall-opened.v1"

    recall_id: UuidText
    cause: RecallCause
    lots: RecalledLots
    untouched_only: Flag


class RecallClosed(_OfPurchase):
    """The end of a recall: take back what is frozen, or give it back exactly.

    `step` grows with every verdict about the same recall, from 1: a dispute that was lost may be reinstated later. The
    highest step counts, whatever the order in which they come.
    """

    type: ClassVar[str] = "billing.recall-closed.v1"

    recall_id: UuidText
    step: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    verdict: RecallVerdict
    lots: RecalledLots


class RecallDecided(_OfPurchase):
    """An operator decided about the credits of a refund made at the processor: whose are taken back, or nobody's."""

    type: ClassVar[str] = "billing.recall-decided.v1"

    recall_id: UuidText
    operator_id: Id
    verdict: RecallVerdict
    user_ids: tuple[Id, ...] = ()
    reason: ReasonText


class _OfRecall(_OfPurchase):
    recall_id: UuidText


class PurchaseFrozen(_OfRecall):
    """What was unspent of these lines cannot be used until the recall ends (B11, B12). Balances leave it out."""

    type: ClassVar[str] = "credit-ledger.purchase-frozen.v1"

    lots: LotStandings


class FreezeRefused(_OfRecall):
    """Nothing was frozen: a line is touched, or no line of a credited purchase. Final for this recall.

    To be in another recall is no reason: a line is frozen while any of its recalls is open, and taken back once.
    """

    type: ClassVar[str] = "credit-ledger.freeze-refused.v1"

    reason: Reason
    detail: ReasonText
    lots: tuple[LotStanding, ...] = ()


class PurchaseTakenBack(_OfRecall):
    """The credits of these lines are gone; what had been spent of them is debt of its account (B11, C13)."""

    type: ClassVar[str] = "credit-ledger.purchase-taken-back.v1"

    step: Annotated[int, Field(strict=True, ge=1)]
    lots: Annotated[tuple[TakenLot, ...], Field(min_length=1)]


class PurchaseGivenBack(_OfRecall):
    """These lines are as if they had never been called back, but for what was used elsewhere meanwhile (B11, B12)."""

    type: ClassVar[str] = "credit-ledger.purchase-given-back.v1"

    step: Annotated[int, Field(strict=True, ge=1)]
    lots: Annotated[tuple[GivenLot, ...], Field(min_length=1)]
