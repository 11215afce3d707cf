"""What products are told about their holds. Ids come from the hold, so that every repetition is the same answer; of an
end also from its sums, which may be others in a restored ledger whose timers rang at other moments."""

from __future__ import annotations

from typing import Any, Literal

from services.credit_ledger.domain.hold import Ended, Hold, HoldKey, hold_detail
from services.credit_ledger.domain.usage import Refusal
from shared.contracts.catalog import LEDGER_ANSWERS
from shared.contracts.holds import HoldCaptured, HoldExpired, HoldPlaced, HoldRefused, HoldReleased
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Outgoing, Received


def placed(hold: Hold, cause: Cause) -> Outgoing:
    """The hold stands, or stood."""
    message = HoldPlaced(
        **_named(hold.key),
        user_id=hold.wanted.user_id,
        credits=hold.credits,
        expires_at=hold.expires_at,
        catalog_version=hold.catalog_version,
    )
    return Outgoing(LEDGER_ANSWERS, message, cause, derive("hold-placed", *hold.key))


def ended(hold: Hold, cause: Cause) -> Outgoing:
    """It was captured or released."""
    sums = _sums(hold)
    named = {**_named(hold.key), "user_id": hold.wanted.user_id, "returned": sums.returned, "lapsed": sums.lapsed}
    message: HoldCaptured | HoldReleased
    message = HoldCaptured(**named, credits=sums.burned) if hold.state == "captured" else HoldReleased(**named)
    return Outgoing(LEDGER_ANSWERS, message, cause, derive(f"hold-{hold.state}", *hold.key, *sums))


def expired(hold: Hold, cause: Cause) -> Outgoing:
    """It has ended by itself."""
    sums = _sums(hold)
    message = HoldExpired(
        **_named(hold.key),
        user_id=hold.wanted.user_id,
        returned=sums.returned,
        lapsed=sums.lapsed,
        expires_at=hold.expires_at,
    )
    return Outgoing(LEDGER_ANSWERS, message, cause, derive("hold-expired", *hold.key, *sums))


def refused(
    received: Received[Any], command: Literal["hold", "capture", "release"], refusal: Refusal, key: HoldKey | None
) -> Outgoing:
    """Nothing was done. `key` is the hold's where this is its decision for ever; else the answer is this command's."""
    message = HoldRefused(
        workspace_id=received.message.workspace_id,
        hold_id=received.message.hold_id,
        hold_source=received.cause.source,
        command=command,
        reason=refusal.reason,
        detail=hold_detail(refusal),
        needed=refusal.needed,
        available=refusal.available,
        short_by=refusal.short_by,
    )
    return Outgoing(LEDGER_ANSWERS, message, received.cause, derive("hold-refused", *key) if key else None)


def _named(key: HoldKey) -> dict[str, Any]:
    return {"workspace_id": key[0], "hold_source": key[1], "hold_id": key[2]}


def _sums(hold: Hold) -> Ended:
    assert hold.ended is not None, "what has ended knows how"
    return hold.ended
