"""Opening and ending a dispute (Stripe docs, "How disputes work", and "Types of events" under charge.dispute)."""

from dataclasses import replace
from typing import Literal

from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.journal import Effect, Kind
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.dispute import Dispute
from deploy.stripe_sandbox.store import Transaction


def open_dispute(transaction: Transaction, charge: Charge, reason: str) -> Dispute:
    """The bank takes back what was not refunded, at once."""
    disputed = transaction.put(replace(charge, disputed=True))
    dispute = transaction.put(
        Dispute(
            id=new_id("dp"),
            created=transaction.now,
            amount=disputed.refundable,
            currency=charge.currency,
            charge=charge.id,
            payment_intent=charge.payment_intent,
            script=charge.script,
            reason=reason,
            status="needs_response",
        )
    )
    note(transaction, "dispute_opened", charge, dispute)
    transaction.emit("charge.dispute.created", dispute.wire())
    transaction.emit("charge.dispute.funds_withdrawn", dispute.wire())
    return dispute


def close_dispute(transaction: Transaction, dispute: Dispute, status: Literal["won", "lost"]) -> Dispute:
    """Won: the money comes back. Lost: it stays with the bank's customer."""
    charge = transaction.find(Charge, dispute.charge)
    assert charge is not None, "a dispute has a charge"
    closed = transaction.put(replace(dispute, status=status, ended=transaction.now))
    note(transaction, "dispute_won" if status == "won" else "dispute_lost", charge, closed)
    transaction.emit("charge.dispute.closed", closed.wire())
    if status == "won":
        transaction.emit("charge.dispute.funds_reinstated", closed.wire())
    return closed


def note(transaction: Transaction, kind: Kind, charge: Charge, dispute: Dispute) -> None:
    transaction.record(
        Effect(
            effect=kind,
            amount_minor=dispute.amount,
            currency=dispute.currency,
            payment_intent=dispute.payment_intent,
            charge=charge.id,
            customer=charge.customer,
            payment_method=charge.payment_method,
            dispute=dispute.id,
            metadata=charge.metadata,
        )
    )
