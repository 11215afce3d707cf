"""Examples of comparisons with the processor, and of payments that wait for a person."""

from __future__ import annotations

from shared.contracts import reconciliation
from shared.contracts.documents.example_names import NOON, PURCHASE_ID, RECONCILIATION_ID, REVIEW_ID, WORKSPACE
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES, Reason

_DAY_BEFORE = NOON.replace(day=30)
_BY_OPERATOR = {"operator_id": "opal"}
_RECONCILIATION = {"reconciliation_id": RECONCILIATION_ID, **_BY_OPERATOR}
_REVIEW = {**_BY_OPERATOR, "workspace_id": WORKSPACE, "purchase_id": PURCHASE_ID, "review_id": REVIEW_ID}
_PAYMENT = {
    "about": "payment",
    "processor_id": "pi_1",
    "workspace_id": WORKSPACE,
    "purchase_id": PURCHASE_ID,
    "ours_minor": 9_800,
    "currency": "eur",
}

RECONCILING: tuple[Message, ...] = (
    reconciliation.ReconcilePayments.model_validate({**_RECONCILIATION, "since": _DAY_BEFORE}),
    reconciliation.ReconciliationRefused.model_validate(
        {
            **_RECONCILIATION,
            "reason": Reason.SINCE_OUT_OF_BOUNDS,
            "detail": REMEDIES[Reason.SINCE_OUT_OF_BOUNDS],
        }
    ),
    reconciliation.ReconciliationFinished.model_validate(
        {
            **_RECONCILIATION,
            "asked_by": "operator",
            "since": _DAY_BEFORE,
            "until": NOON,
            "compared": {"payments": 1_204, "refunds": 3, "disputes": 0, "ours": 1_201},
            "healed": [{**_PAYMENT, "ours": "requires_action", "theirs": "succeeded", "theirs_minor": 9_800}],
            "healed_total": 1,
            "findings": [
                {
                    **_PAYMENT,
                    "kind": reconciliation.FindingKind.PAYMENT_DIFFERS,
                    "processor_id": "pi_2",
                    "ours": "parked",
                    "theirs": "succeeded",
                    "theirs_minor": 98,
                    "what_to_do": reconciliation.FINDING_REMEDIES[reconciliation.FindingKind.PAYMENT_DIFFERS],
                }
            ],
            "findings_total": 1,
            "not_looked_at": 0,
        }
    ),
    reconciliation.ListParkedPayments.model_validate({**_BY_OPERATOR, "list_id": RECONCILIATION_ID}),
    reconciliation.ParkedPaymentsListed.model_validate(
        {
            **_BY_OPERATOR,
            "list_id": RECONCILIATION_ID,
            "payments": [
                {
                    "workspace_id": WORKSPACE,
                    "purchase_id": PURCHASE_ID,
                    "amount_minor": 9_800,
                    "currency": "eur",
                    "commanded_at": _DAY_BEFORE,
                    "attempt": 1,
                    "ends_from": NOON.replace(hour=11),
                }
            ],
            "total": 1,
        }
    ),
    reconciliation.ReviewParkedPayment.model_validate(
        {**_REVIEW, "deed": "end", "reason": "Ticket 4715: Stripe's support found nothing either."}
    ),
    reconciliation.ParkedPaymentReviewed.model_validate(
        {**_REVIEW, "deed": "end", "shown": "nothing", "state": "cancelled"}
    ),
)
