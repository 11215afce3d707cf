"""Examples of credits and money that go back: refunds, disputes, recalls, and what operators command."""

from __future__ import annotations

from shared.contracts import operator_commands, recalls, refunds
from shared.contracts.documents.example_names import (
    ADMIN,
    EDITOR,
    GRANT_ID,
    LOTS,
    OTHER,
    PROPOSAL_ID,
    PURCHASE_ID,
    REFUND_ID,
    WORKSPACE,
)
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES, Reason

_OF_PURCHASE = {"workspace_id": WORKSPACE, "purchase_id": PURCHASE_ID}
_RECALL = {**_OF_PURCHASE, "recall_id": REFUND_ID}
_RECALLED = [{"user_id": user, "lot_id": lot} for user, lot in LOTS]
_UNTOUCHED = [{**lot, "credits": 10_000, "unspent": 10_000, "held": 0, "spent": 0} for lot in _RECALLED]
_MONEY = {"amount_minor": 9_800, "currency": "eur"}
_DISPUTE = {**_OF_PURCHASE, **_MONEY, "dispute_id": "dp_1"}
_BY_OPERATOR = {"workspace_id": WORKSPACE, "operator_id": "opal"}

GOING_BACK: tuple[Message, ...] = (
    refunds.ProposeRefund.model_validate({**_OF_PURCHASE, "actor_id": ADMIN, "proposal_id": PROPOSAL_ID}),
    refunds.RefundPurchase.model_validate(
        {
            **_OF_PURCHASE,
            "actor_id": ADMIN,
            "refund_id": REFUND_ID,
            "amount_minor": 9_800,
            "reason": "Bought by mistake.",
        }
    ),
    refunds.RefundProposed.model_validate(
        {
            **_OF_PURCHASE,
            **_MONEY,
            "proposal_id": PROPOSAL_ID,
            "asked_by": ADMIN,
            "lines": [
                {"user_id": user, "amount_minor": 4_900, "credits": 10_000, "unspent": 10_000, "becomes_debt": 0}
                for user, _ in LOTS
            ],
            "owner_may": True,
        }
    ),
    refunds.RefundAccepted.model_validate(
        {
            **_OF_PURCHASE,
            **_MONEY,
            "refund_id": REFUND_ID,
            "user_ids": (EDITOR, OTHER),
            "by": "member",
            "actor_id": ADMIN,
            "reason": "Bought by mistake.",
        }
    ),
    refunds.PurchaseRefunded.model_validate(
        {
            **_OF_PURCHASE,
            **_MONEY,
            "buyer_id": ADMIN,
            "refund_id": REFUND_ID,
            "user_ids": (EDITOR, OTHER),
            "refunded_minor": 9_800,
            "by": "member",
            "processor_refund_id": "re_1",
        }
    ),
    refunds.RefundFailed.model_validate(
        {
            **_OF_PURCHASE,
            "refund_id": REFUND_ID,
            "reason": Reason.REFUND_REJECTED,
            "detail": REMEDIES[Reason.REFUND_REJECTED],
        }
    ),
    refunds.PurchaseDisputed.model_validate({**_DISPUTE, "buyer_id": ADMIN, "reason": "fraudulent"}),
    refunds.DisputeFundsMoved.model_validate({**_DISPUTE, "moved": "withdrawn"}),
    refunds.DisputeClosed.model_validate({**_DISPUTE, "buyer_id": ADMIN, "outcome": "lost"}),
    recalls.LotsAppraisalAsked.model_validate({**_OF_PURCHASE, "appraisal_id": PROPOSAL_ID, "lots": _RECALLED}),
    recalls.LotsAppraised.model_validate({**_OF_PURCHASE, "appraisal_id": PROPOSAL_ID, "lots": _UNTOUCHED}),
    recalls.RecallOpened.model_validate({**_RECALL, "cause": "refund", "lots": _RECALLED, "untouched_only": True}),
    recalls.RecallClosed.model_validate({**_RECALL, "step": 1, "verdict": "take_back", "lots": _RECALLED}),
    recalls.PurchaseFrozen.model_validate({**_RECALL, "lots": _UNTOUCHED}),
    recalls.FreezeRefused.model_validate(
        {**_RECALL, "reason": Reason.LINE_TOUCHED, "detail": REMEDIES[Reason.LINE_TOUCHED]}
    ),
    recalls.PurchaseTakenBack.model_validate(
        {**_RECALL, "step": 1, "lots": [{**lot, "taken": 9_988, "debt": 12} for lot in _RECALLED]}
    ),
    recalls.PurchaseGivenBack.model_validate(
        {**_RECALL, "step": 1, "lots": [{**lot, "given": 9_988, "debt_ended": 12} for lot in _RECALLED]}
    ),
    operator_commands.ProposeOperatorRefund.model_validate(
        {**_BY_OPERATOR, "purchase_id": PURCHASE_ID, "proposal_id": PROPOSAL_ID}
    ),
    operator_commands.OperatorRefund.model_validate(
        {
            **_BY_OPERATOR,
            "purchase_id": PURCHASE_ID,
            "refund_id": REFUND_ID,
            "user_ids": (EDITOR,),
            "amount_minor": 4_900,
            "reason": "Ticket 4711: the wrong editor.",
        }
    ),
    operator_commands.DecideRecall.model_validate(
        {
            **_BY_OPERATOR,
            "purchase_id": PURCHASE_ID,
            "recall_id": REFUND_ID,
            "verdict": "take_back",
            "user_ids": (EDITOR,),
            "reason": "Ticket 4716: refunded in the dashboard.",
        }
    ),
    recalls.RecallDecided.model_validate(
        {
            **_BY_OPERATOR,
            "purchase_id": PURCHASE_ID,
            "recall_id": REFUND_ID,
            "verdict": "take_back",
            "user_ids": (EDITOR,),
            "reason": "Ticket 4716: refunded in the dashboard.",
        }
    ),
    operator_commands.GrantCredits.model_validate(
        {
            **_BY_OPERATOR,
            "grant_id": GRANT_ID,
            "user_id": EDITOR,
            "credits": 3_000,
            "reason": "Ticket 4713: an outage.",
        }
    ),
    operator_commands.CorrectCredits.model_validate(
        {
            **_BY_OPERATOR,
            "correction_id": GRANT_ID,
            "user_id": EDITOR,
            "deed": "forgive_debt",
            "credits": 12,
            "reason": "Ticket 4714: goodwill.",
        }
    ),
    operator_commands.CreditsCorrected.model_validate(
        {**_BY_OPERATOR, "correction_id": GRANT_ID, "user_id": EDITOR, "deed": "forgive_debt", "credits": 12}
    ),
    operator_commands.LedgerCommandRefused.model_validate(
        {
            **_BY_OPERATOR,
            "command": operator_commands.CorrectCredits.type,
            "command_id": GRANT_ID,
            "reason": Reason.NOTHING_TO_CORRECT,
            "detail": REMEDIES[Reason.NOTHING_TO_CORRECT],
        }
    ),
)
