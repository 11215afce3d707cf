"""What operators of the product company command, each service on a topic of its own (B11, B15).

Who may write there is Kafka's to say: the user `operator` alone. `operator_id` names the person, for the record.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.contracts.fields import AmountMinor, Id, PositiveCredits, ReasonText, UuidText
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.recalls import RecallVerdict
from shared.contracts.top_up_commands import ChosenEditors


class _OperatorCommand(Message):
    workspace_id: Id
    operator_id: Id

    def key(self) -> str:
        return self.workspace_id


class ProposeOperatorRefund(_OperatorCommand):
    """As `ProposeRefund`, asked by an operator (B11)."""

    type: ClassVar[str] = "billing.propose-operator-refund.v1"

    purchase_id: UuidText
    proposal_id: UuidText
    user_ids: ChosenEditors | None = None


class OperatorRefund(_OperatorCommand):
    """Refund these lines, touched or not: what was spent becomes debt of its account (B11). The reason is kept."""

    type: ClassVar[str] = "billing.operator-refund.v1"

    purchase_id: UuidText
    refund_id: UuidText
    user_ids: ChosenEditors | None = None
    amount_minor: AmountMinor
    reason: ReasonText


class DecideRecall(_OperatorCommand):
    """Decide whose credits go with a refund that was made at the processor and is no sum of all lines (B11).

    `recall_id` is the `refund_id` of its `PurchaseRefunded`. `take_back`: the credits of these users' lines, of all
    that are left when none is named. `give_back`: nobody's. Final.
    """

    type: ClassVar[str] = "billing.decide-recall.v1"

    purchase_id: UuidText
    recall_id: UuidText
    verdict: RecallVerdict
    user_ids: ChosenEditors | None = None
    reason: ReasonText


class GrantCredits(_OperatorCommand):
    """Give an account credits that nobody paid for (B15). They are bought credits in all else: they never expire."""

    type: ClassVar[str] = "credit-ledger.grant-credits.v1"

    grant_id: UuidText
    user_id: Id
    credits: PositiveCredits
    reason: ReasonText


class CorrectCredits(_OperatorCommand):
    """Put an account right (B15): withdraw bought credits that it should not have, or forgive debt.

    Whole or not at all: more than there is, is refused. What is withdrawn is taken newest lot first.
    """

    type: ClassVar[str] = "credit-ledger.correct-credits.v1"

    correction_id: UuidText
    user_id: Id
    deed: Literal["withdraw", "forgive_debt"]
    credits: PositiveCredits
    reason: ReasonText


class LedgerCommandRefused(Message):
    """The ledger refused an operator's command: nothing moved. Final for its id."""

    type: ClassVar[str] = "credit-ledger.command-refused.v1"

    workspace_id: Id
    operator_id: Id
    command: Id
    command_id: UuidText
    reason: Reason
    detail: Annotated[str, Field(min_length=1, max_length=500)]

    def key(self) -> str:
        return self.workspace_id


class CreditsCorrected(Message):
    """An account was put right by an operator (B15): credits were withdrawn, or debt forgiven."""

    type: ClassVar[str] = "credit-ledger.credits-corrected.v1"

    workspace_id: Id
    user_id: Id
    correction_id: UuidText
    operator_id: Id
    deed: Literal["withdraw", "forgive_debt"]
    credits: PositiveCredits

    def key(self) -> str:
        return f"{self.workspace_id}/{self.user_id}"
