"""Comparisons with the processor and payments that wait for a person, in a sentence for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contracts import reconciliation
from shared.contracts.message import Message


def _finished(finished: reconciliation.ReconciliationFinished) -> str:
    compared = finished.compared
    said = (
        f"{compared.payments:,} payments, {compared.refunds:,} refunds and {compared.disputes:,} disputes there, "
        f"{compared.ours:,} of ours since {finished.since:%Y-%m-%d %H:%M}Z"
    )
    parts = [
        f"{number:,} {what}"
        for number, what in (
            (finished.healed_total, "healed"),
            (finished.findings_total, "for a person"),
            (finished.not_looked_at, "not looked at"),
        )
        if number
    ]
    return f"compared {said}: {', '.join(parts) or 'nothing differs'}"


# Keys are message types; values say one event of it.
RECONCILIATION_SENTENCES: dict[type[Message], Callable[[Any], str]] = {
    reconciliation.ReconcilePayments: lambda m: (
        f"operator {m.operator_id} has our books compared with the processor's"
        + (f" since {m.since:%Y-%m-%d %H:%M}Z" if m.since else "")
    ),
    reconciliation.ReconciliationRefused: lambda m: f"not compared, {m.reason}: {m.detail}",
    reconciliation.ReconciliationFinished: _finished,
    reconciliation.ListParkedPayments: lambda m: f"operator {m.operator_id} asks which payments wait for a person",
    reconciliation.ParkedPaymentsListed: lambda m: (
        f"{m.total:,} payments wait for a person" if m.total else "no payment waits for a person"
    ),
    reconciliation.ReviewParkedPayment: lambda m: (
        f"operator {m.operator_id}: {m.deed.replace('_', ' ')} parked purchase {m.purchase_id}: {m.reason}"
    ),
    reconciliation.ParkedPaymentReviewed: lambda m: (
        f"purchase {m.purchase_id} is {m.state}; the processor shows {m.shown.replace('_', ' ')}"
    ),
}
