"""Making and settling a refund (Stripe docs, "Refund and cancel payments"; "Testing", Refunds)."""

from dataclasses import replace

from deploy.stripe_sandbox.errors import refused
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.journal import Effect, Kind
from deploy.stripe_sandbox.money import shown
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.refund import Refund
from deploy.stripe_sandbox.store import Transaction
from deploy.stripe_sandbox.values import JsonObject, Metadata


def check_refundable(charge: Charge, amount_minor: int | None) -> None:
    """Raises ApiError 400: `charge_disputed`, `charge_already_refunded`, or without a code for too much."""
    if charge.disputed:
        raise refused(f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed")
    if charge.status != "succeeded" or charge.amount_captured == 0:
        raise refused(f"This PaymentIntent ({charge.payment_intent}) does not have a successful charge to refund.")
    if charge.refundable == 0:
        raise refused(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    if amount_minor is not None and amount_minor > charge.refundable:
        asked, left = shown(amount_minor, charge.currency), shown(charge.refundable, charge.currency)
        raise refused(f"Refund amount ({asked}) is greater than unrefunded amount on charge ({left})", param="amount")


def make_refund(
    transaction: Transaction, charge: Charge, amount_minor: int, reason: str | None, metadata: Metadata
) -> Refund:
    pending = charge.card.refund == "pending"
    refund = transaction.put(
        Refund(
            id=new_id("re"),
            created=transaction.now,
            amount=amount_minor,
            currency=charge.currency,
            charge=charge.id,
            payment_intent=charge.payment_intent,
            status="pending" if pending else "succeeded",
            settles={"at_once": None, "pending": "succeeds", "failing": "fails"}[charge.card.refund],
            customer=charge.customer,
            payment_method=charge.payment_method,
            reason=reason,
            metadata=metadata,
        )
    )
    before: JsonObject = {"amount_refunded": charge.amount_refunded, "refunded": charge.refundable == 0}
    charge = transaction.put(replace(charge, amount_refunded=charge.amount_refunded + amount_minor))
    note(transaction, "refund_pending" if pending else "refund_succeeded", charge, refund)
    transaction.emit("refund.created", refund.wire())
    transaction.emit("charge.refunded", charge.wire(), before)
    return refund


def settle_refund(transaction: Transaction, refund: Refund) -> Refund:
    """What its card's script has in store for it."""
    charge = transaction.find(Charge, refund.charge)
    assert charge is not None, "a refund has a charge"
    before: JsonObject = {"status": refund.status}
    if refund.settles == "succeeds":
        done = transaction.put(replace(refund, status="succeeded", settles=None))
        note(transaction, "refund_succeeded", charge, done)
        transaction.emit("refund.updated", done.wire(), before)
        transaction.emit("charge.refund.updated", done.wire(), before)
        return done
    done = transaction.put(replace(refund, status="failed", settles=None, failure_reason="unknown"))
    charge = transaction.put(replace(charge, amount_refunded=charge.amount_refunded - refund.amount))
    note(transaction, "refund_failed", charge, done)
    transaction.emit("refund.failed", done.wire(), before)
    transaction.emit("charge.refund.updated", done.wire(), before)
    return done


def note(transaction: Transaction, kind: Kind, charge: Charge, refund: Refund) -> None:
    transaction.record(
        Effect(
            effect=kind,
            amount_minor=refund.amount,
            currency=refund.currency,
            payment_intent=refund.payment_intent,
            charge=charge.id,
            customer=refund.customer,
            payment_method=refund.payment_method,
            refund=refund.id,
            metadata=refund.metadata,
        )
    )
