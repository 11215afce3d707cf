"""Which lines of a purchase a command about a refund means, and whether they may be refunded at all (B11)."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.domain.purchase import Line, Purchase, PurchaseState
from services.billing.domain.refund import RefundState
from services.billing.domain.verdict import Refusal, Wait, refuse
from services.billing.repository import BillingRepository
from shared.contracts.reasons import Reason
from shared.messaging.work import Work

RECALLABLE = frozenset({PurchaseState.CREDITED})


@dataclass(frozen=True, slots=True)
class Refundable:
    """Lines that may be refunded, in the purchase's order, and what they cost in minor units."""

    purchase: Purchase
    lines: tuple[Line, ...]

    @property
    def amount_minor(self) -> int:
        return self.purchase.price.unit_price_minor * len(self.lines)


def refundable(
    workspace_id: str, purchase_id: str, user_ids: tuple[str, ...] | None, work: Work[BillingRepository]
) -> Refundable | Refusal | Wait:
    """The lines of these users, or all when left out; or what stands against it. A purchase that is paid and not yet
    credited is waited for."""
    purchase = work.repository.purchases.lock(purchase_id)
    if purchase is None or purchase.workspace_id != workspace_id:
        return refuse(Reason.UNKNOWN_PURCHASE)
    if purchase.state not in RECALLABLE:
        no = refuse(Reason.PURCHASE_NOT_REFUNDABLE, f"It is {purchase.state}.")
        return Wait(f"credits of purchase {purchase_id}", no) if purchase.state is PurchaseState.PAID else no
    if work.repository.disputes.forbid_refunds(purchase_id):
        return refuse(Reason.PURCHASE_DISPUTED)
    wanted = user_ids if user_ids is not None else tuple(line.user_id for line in purchase.lines)
    named = {line.user_id: line for line in purchase.lines}
    if len(set(wanted)) != len(wanted) or not named.keys() >= set(wanted):
        return refuse(Reason.LINE_NOT_IN_PURCHASE)
    taken = work.repository.refunds.lines_in_refunds(purchase_id)
    for user_id in wanted:
        if user_id in taken:
            done = taken[user_id] is RefundState.SUCCEEDED
            return refuse(Reason.ALREADY_REFUNDED if done else Reason.REFUND_IN_PROGRESS, f"The line of {user_id}.")
    chosen = set(wanted)
    found = Refundable(purchase, tuple(line for line in purchase.lines if line.user_id in chosen))
    left_minor = purchase.price.total_minor - work.repository.refunds.going_back_minor(purchase_id)
    if found.amount_minor > left_minor:  # part of it went back at the processor, and of no line
        return refuse(Reason.ALREADY_REFUNDED, f"Of what was paid, {left_minor} minor units are left.")
    return found
