"""Money and credits that go back, as tests of notification build them: of the purchase of `events.paid()`."""

from __future__ import annotations

from typing import Any

from shared.contracts.credit_ledger import CreditsGranted
from shared.contracts.operator_commands import CreditsCorrected
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.recalls import (
    GivenLot,
    LotStanding,
    PurchaseFrozen,
    PurchaseGivenBack,
    PurchaseTakenBack,
    RecallCause,
    RecalledLot,
    RecallOpened,
    TakenLot,
)
from shared.contracts.refunds import DisputeClosed, DisputeOutcome, PurchaseDisputed, PurchaseRefunded, RefundFailed
from tests.unit.notification.events import CREDITS, PRICE_MINOR, WORKSPACE, uuid

USED = 120  # of erin's credits; emil's are untouched
DISPUTE_ID = "dp_1"


def _of(purchase: int, workspace_id: str) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "purchase_id": uuid(purchase)}


def refunded(
    purchase: int = 50, user_ids: tuple[str, ...] = ("erin", "emil"), workspace_id: str = WORKSPACE
) -> PurchaseRefunded:
    return PurchaseRefunded(
        **_of(purchase, workspace_id),
        buyer_id="adam",
        refund_id=uuid(70),
        user_ids=user_ids,
        amount_minor=PRICE_MINOR * 2,
        refunded_minor=PRICE_MINOR * 2,
        currency="usd",
        by="member" if user_ids else "processor",
        processor_refund_id="re_1",
    )


def refund_failed(purchase: int = 50) -> RefundFailed:
    reason = Reason.REFUND_REJECTED
    return RefundFailed(**_of(purchase, WORKSPACE), refund_id=uuid(70), reason=reason, detail=REMEDIES[reason])


def _disputed(purchase: int) -> dict[str, Any]:
    money = {"amount_minor": PRICE_MINOR * 2, "currency": "usd"}
    return {**_of(purchase, WORKSPACE), **money, "buyer_id": "adam", "dispute_id": DISPUTE_ID}


def disputed(purchase: int = 50, reason: str = "fraudulent") -> PurchaseDisputed:
    return PurchaseDisputed(**_disputed(purchase), reason=reason)


def dispute_closed(outcome: DisputeOutcome = "lost", purchase: int = 50) -> DisputeClosed:
    return DisputeClosed(**_disputed(purchase), outcome=outcome)


def _lot(number: int) -> dict[str, Any]:
    return {"user_id": ("erin", "emil")[number], "lot_id": uuid(900 + number)}


def _recall(recall: int) -> dict[str, Any]:
    return {**_of(50, WORKSPACE), "recall_id": uuid(recall)}


def recall_opened(cause: RecallCause = "dispute", recall: int = 70) -> RecallOpened:
    lots = tuple(RecalledLot(**_lot(number)) for number in (0, 1))
    return RecallOpened(**_recall(recall), cause=cause, lots=lots, untouched_only=cause == "refund")


def frozen(recall: int = 70) -> PurchaseFrozen:
    lots = tuple(
        LotStanding(**_lot(number), credits=CREDITS, unspent=CREDITS - used, held=0, spent=used)
        for number, used in enumerate((USED, 0))
    )
    return PurchaseFrozen(**_recall(recall), lots=lots)


def taken_back(recall: int = 70, step: int = 1) -> PurchaseTakenBack:
    lots = tuple(TakenLot(**_lot(number), taken=CREDITS - used, debt=used) for number, used in enumerate((USED, 0)))
    return PurchaseTakenBack(**_recall(recall), step=step, lots=lots)


def given_back(recall: int = 70, step: int = 1) -> PurchaseGivenBack:
    lots = tuple(
        GivenLot(**_lot(number), given=CREDITS - used, debt_ended=used) for number, used in enumerate((USED, 0))
    )
    return PurchaseGivenBack(**_recall(recall), step=step, lots=lots)


def granted(debt_settled: int | None = None, grant: int | None = 80, user_id: str = "erin") -> CreditsGranted:
    return CreditsGranted(
        workspace_id=WORKSPACE,
        user_id=user_id,
        lot_id=uuid(910),
        kind="top_up" if grant else "quota",
        credits=3_000,
        grant_id=uuid(grant) if grant else None,
        debt_settled=debt_settled,
    )


def corrected(deed: str = "withdraw", credits: int = 120) -> CreditsCorrected:
    return CreditsCorrected.read(
        {
            "workspace_id": WORKSPACE,
            "user_id": "erin",
            "correction_id": uuid(81),
            "operator_id": "opal",
            "deed": deed,
            "credits": credits,
        }
    )
