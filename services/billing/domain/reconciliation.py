"""One comparison of our books with the processor's: which part of it is next, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.billing.domain.reconciling import About

# As long as the processor repeats a webhook: what it told in vain for longer is nobody's hint any more.
LOOKS_BACK = timedelta(days=3)
# The oldest backup that may be restored: what is older was compared in its time.
OLDEST = timedelta(days=90)
# A second look is one call. More differences than this are one and the same trouble, and another comparison is cheap.
LOOKS_AT_MOST = 500
WOKEN_AT_ONCE = 200
# What was woken has this long without any of it settling, before a person hears that it does not: readings take a
# second, and are put off by half a minute when the processor is busy.
PATIENCE = timedelta(minutes=2)
LOOK_AGAIN = timedelta(seconds=2)


class Stage(StrEnum):
    """A recovery point: whoever finds a comparison here knows what is next. Three lists, page by page; then ours that
    these did not show; then each doubt once more; then what was woken is waited for."""

    PAYMENTS = "payments"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    OURS = "ours"
    DOUBTS = "doubts"
    HEALING = "healing"
    FINISHED = "finished"


LISTED: dict[Stage, About] = {
    Stage.PAYMENTS: About.PAYMENT,
    Stage.REFUNDS: About.REFUND,
    Stage.DISPUTES: About.DISPUTE,
}
NEXT: dict[Stage, Stage] = dict(zip(Stage, list(Stage)[1:], strict=False))


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A comparison as it stands. `place` is where its stage goes on; None at its beginning."""

    reconciliation_id: str
    operator_id: str | None
    content_hash: bytes | None
    since: datetime
    until: datetime
    stage: Stage
    place: str | None
    payments: int
    refunds: int
    disputes: int
    ours: int
    not_looked_at: int
    progress_at: datetime
