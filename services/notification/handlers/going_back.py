"""Who is told when money or credits go back, and what operators did (B11, B12, B15): rows of the table of tellings."""

from __future__ import annotations

from typing import Any

from services.notification.domain.matters import Frozen, GivenBack, TakenBack
from services.notification.domain.members import DECIDERS, Deciders
from services.notification.domain.notice import Facts
from services.notification.handlers.telling import Telling, account, buyer, data, owner_and_admins, purchase
from shared.contracts.credit_ledger import CreditsGranted
from shared.contracts.operator_commands import CreditsCorrected
from shared.contracts.refunds import DisputeClosed, PurchaseDisputed, PurchaseRefunded, RefundFailed

Recalled = Frozen | TakenBack | GivenBack


def _recalled_purchase(recalled: Recalled) -> str:
    return recalled.event.purchase_id


def _own_lot(recalled: Recalled, user_id: str) -> Facts:
    """What became of this editor's credits; what the others had is not for everybody."""
    lot = next(lot for lot in recalled.event.lots if lot.user_id == user_id)
    why = {} if recalled.cause is None else {"cause": recalled.cause}
    return {"purchase_id": recalled.event.purchase_id, **why, **lot.model_dump(mode="json")}


def _frozen_for(frozen: Frozen, _: Deciders) -> list[str]:
    return [lot.user_id for lot in frozen.event.lots if lot.unspent]


def _taken_from(taken: TakenBack, _: Deciders) -> list[str]:
    return [lot.user_id for lot in taken.event.lots if lot.taken or lot.debt]


def _given_to(given: GivenBack, _: Deciders) -> list[str]:
    return [lot.user_id for lot in given.event.lots if lot.given or lot.debt_ended]


def _account_user(event: CreditsGranted | CreditsCorrected, _: Deciders) -> list[str]:
    return [event.user_id]


GOING_BACK: tuple[Telling[Any], ...] = (
    # The buyer is told as the buyer, also when owner or admin: the first row that names a person counts.
    Telling(PurchaseRefunded, buyer, "refund", "refund_to_buyer", purchase, data),
    Telling(PurchaseRefunded, owner_and_admins, "refund", "purchase_refunded", purchase, data, because_of=DECIDERS),
    Telling(RefundFailed, owner_and_admins, "refund", "refund_failed", purchase, data, because_of=DECIDERS),
    Telling(PurchaseDisputed, buyer, "dispute", "dispute_to_buyer", purchase, data),
    Telling(PurchaseDisputed, owner_and_admins, "dispute", "purchase_disputed", purchase, data, because_of=DECIDERS),
    Telling(DisputeClosed, buyer, "dispute", "dispute_closed_to_buyer", purchase, data),
    Telling(DisputeClosed, owner_and_admins, "dispute", "dispute_closed", purchase, data, because_of=DECIDERS),
    Telling(Frozen, _frozen_for, "credits_recalled", "credits_frozen", _recalled_purchase, _own_lot),
    Telling(TakenBack, _taken_from, "credits_recalled", "credits_taken_back", _recalled_purchase, _own_lot),
    Telling(GivenBack, _given_to, "credits_recalled", "credits_given_back", _recalled_purchase, _own_lot),
    Telling(CreditsGranted, _account_user, "credits_received", "credits_gifted", account, data),
    Telling(CreditsCorrected, _account_user, "credits_corrected", "credits_corrected", account, data),
)
