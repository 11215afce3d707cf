"""The journal of money: one line for each movement of money or refusal to move it, in order, for ever.

It is the oracle of every test about money, so it is written from what happened here and read by anyone with a text
editor; nothing in billing has a part in it. Charges, refunds and disputes are the effects of "How PaymentIntents work",
"Refund and cancel payments" and "Disputes".
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from deploy.stripe_sandbox.durable_lines import DurableLines
from deploy.stripe_sandbox.values import JsonObject, Metadata

Kind = Literal[
    "charge_succeeded",  # money taken from the card
    "charge_declined",  # no money moved; `code` and `decline_code` say why
    "charge_authorized",  # reserved on the card, not taken
    "charge_pending",  # handed to the bank, outcome unknown yet
    "refund_succeeded",  # money given back
    "refund_pending",
    "refund_failed",  # a refund that had succeeded or was pending came back
    "dispute_opened",  # the bank took the money back for now
    "dispute_won",  # and gave it to us again
    "dispute_lost",  # or kept it
]


@dataclass(frozen=True, kw_only=True)
class Effect:
    """amount_minor: what the effect is about, never negative; the kind gives the direction."""

    effect: Kind
    amount_minor: int
    currency: str
    payment_intent: str
    charge: str
    customer: str | None = None
    payment_method: str | None = None
    refund: str | None = None
    dispute: str | None = None
    code: str | None = None
    decline_code: str | None = None
    metadata: Metadata = field(default_factory=dict)

    def line(self, *, seq: int, at: int, request_id: str | None, idempotency_key: str | None) -> JsonObject:
        """at: seconds by the sandbox's clock."""
        return {"seq": seq, "at": at, **asdict(self), "idempotency_key": idempotency_key, "request_id": request_id}


class JournalDamaged(Exception):
    """Somebody wrote into the journal, or cut it in the middle."""


class Journal:
    """Sequence numbers start at 1 and have no gaps. Raises JournalDamaged when the file has one."""

    def __init__(self, path: Path) -> None:
        self._lines = DurableLines(path)
        self._rows = self._lines.read()
        if [row["seq"] for row in self._rows] != list(range(1, len(self._rows) + 1)):
            self._lines.close()
            raise JournalDamaged(f"{path} has a gap or a line twice: it proves nothing any more")

    @property
    def last(self) -> int:
        return len(self._rows)

    def append(self, rows: list[JsonObject]) -> None:
        self._lines.append(rows)
        self._rows.extend(rows)

    def rows(self, after: int = 0) -> list[JsonObject]:
        return self._rows[after:]

    def close(self) -> None:
        self._lines.close()
