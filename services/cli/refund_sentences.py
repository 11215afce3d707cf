"""Credits and money that go back, in a sentence for people: refunds, disputes, recalls, and what operators command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.cli.money import money
from shared.contracts import operator_commands as operator
from shared.contracts import recalls, refunds
from shared.contracts.message import Message


def _whom(user_ids: tuple[str, ...] | None) -> str:
    return f" for {', '.join(user_ids)}" if user_ids else ""


def _standing(lots: tuple[recalls.LotStanding, ...]) -> str:
    return ", ".join(f"{lot.user_id} {lot.unspent:,} of {lot.credits:,} unspent" for lot in lots)


def _proposed(proposed: refunds.RefundProposed) -> str:
    debts = [f"{line.user_id} would owe {line.becomes_debt:,}" for line in proposed.lines if line.becomes_debt]
    return f"refund of {proposed.purchase_id}: {money(proposed.amount_minor, proposed.currency)}" + "".join(
        f", {debt}" for debt in debts
    )


# Keys are message types; values say one event of it.
REFUND_SENTENCES: dict[type[Message], Callable[[Any], str]] = {
    refunds.ProposeRefund: lambda m: f"{m.actor_id} asks what a refund of {m.purchase_id}{_whom(m.user_ids)} would be",
    refunds.RefundPurchase: lambda m: f"{m.actor_id} refunds purchase {m.purchase_id}{_whom(m.user_ids)}",
    refunds.RefundProposed: _proposed,
    refunds.RefundAccepted: lambda m: (
        f"refund {m.refund_id} of {money(m.amount_minor, m.currency)} accepted, by {m.by} {m.actor_id}"
    ),
    refunds.PurchaseRefunded: lambda m: (
        f"purchase {m.purchase_id}: {money(m.amount_minor, m.currency)} refunded by {m.by}"
    ),
    refunds.RefundFailed: lambda m: f"refund {m.refund_id} failed, {m.reason}: {m.detail}",
    refunds.PurchaseDisputed: lambda m: f"purchase {m.purchase_id} is disputed ({m.reason}): {m.dispute_id}",
    refunds.DisputeFundsMoved: lambda m: f"dispute {m.dispute_id}: {money(m.amount_minor, m.currency)} {m.moved}",
    refunds.DisputeClosed: lambda m: f"dispute {m.dispute_id} of purchase {m.purchase_id} was {m.outcome}",
    recalls.LotsAppraisalAsked: lambda m: f"how much of purchase {m.purchase_id} is unspent?",
    recalls.LotsAppraised: lambda m: f"purchase {m.purchase_id}: {_standing(m.lots)}",
    recalls.RecallOpened: lambda m: f"purchase {m.purchase_id} is called back by a {m.cause.replace('_', ' ')}",
    recalls.RecallClosed: lambda m: f"recall {m.recall_id}: {m.verdict.replace('_', ' ')}",
    recalls.PurchaseFrozen: lambda m: f"purchase {m.purchase_id} frozen: {_standing(m.lots)}",
    recalls.FreezeRefused: lambda m: f"purchase {m.purchase_id} not frozen, {m.reason}: {m.detail}",
    recalls.PurchaseTakenBack: lambda m: (
        f"purchase {m.purchase_id} taken back: "
        + ", ".join(f"{lot.user_id} -{lot.taken:,}, owes {lot.debt:,}" for lot in m.lots)
    ),
    recalls.PurchaseGivenBack: lambda m: (
        f"purchase {m.purchase_id} given back: " + ", ".join(f"{lot.user_id} +{lot.given:,}" for lot in m.lots)
    ),
    operator.ProposeOperatorRefund: lambda m: f"operator {m.operator_id} asks about a refund of {m.purchase_id}",
    operator.OperatorRefund: lambda m: (
        f"operator {m.operator_id} refunds purchase {m.purchase_id}{_whom(m.user_ids)}: {m.reason}"
    ),
    operator.DecideRecall: lambda m: (
        f"operator {m.operator_id} decides recall {m.recall_id}, {m.verdict.replace('_', ' ')}: {m.reason}"
    ),
    recalls.RecallDecided: lambda m: (
        f"recall {m.recall_id} of purchase {m.purchase_id}: "
        + (f"credits of {', '.join(m.user_ids)} are taken back" if m.user_ids else "no credits go with it")
        + f", by {m.operator_id}: {m.reason}"
    ),
    operator.GrantCredits: lambda m: f"operator {m.operator_id} grants {m.user_id} {m.credits:,} credits: {m.reason}",
    operator.CorrectCredits: lambda m: (
        f"operator {m.operator_id}: {m.deed.replace('_', ' ')} {m.credits:,} of {m.user_id}: {m.reason}"
    ),
    operator.CreditsCorrected: lambda m: f"{m.user_id}: {m.deed.replace('_', ' ')} {m.credits:,} by {m.operator_id}",
    operator.LedgerCommandRefused: lambda m: f"{m.command} of {m.operator_id} refused, {m.reason}: {m.detail}",
}
