"""What is published about an account after a transaction: its news in order, then its balance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.eligibility import Eligibility
from services.credit_ledger.domain.hold import Hold, Movements
from services.credit_ledger.domain.news import (
    Burned,
    Corrected,
    Ended,
    Freed,
    Grown,
    Held,
    Lapsed,
    Low,
    Opened,
    Paused,
    Returned,
)
from services.credit_ledger.domain.operator_deed import Deed
from shared.contracts.catalog import LEDGER_ACCOUNT, LEDGER_BALANCE
from shared.contracts.credit_ledger import (
    BalanceChanged,
    BalanceLow,
    CreditsBurned,
    CreditsExhausted,
    CreditsFreed,
    CreditsGranted,
    CreditsPaused,
    CreditsReturned,
    LotBalance,
    LotMovement,
    QuotaLapsed,
)
from shared.contracts.holds import CreditsHeld, HoldEnded
from shared.contracts.operator_commands import CreditsCorrected
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Outgoing


def announce(account: Account, may: Eligibility, cause: Cause) -> Iterator[Outgoing]:
    """Everything to be told about a changed account. Ids come from the account and its version, which every replay
    reaches with the same content."""
    for news in account.news:
        yield _ANNOUNCERS[type(news)](account, news, cause)
    balance = _balance(account, may)
    event_id = derive("balance", *account.key, account.version)
    yield Outgoing(LEDGER_BALANCE, balance, cause, event_id)


def _opened(account: Account, news: Opened, cause: Cause) -> Outgoing:
    lot = news.lot
    message = CreditsGranted(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        lot_id=str(lot.lot_id),
        kind=lot.kind,
        credits=lot.granted,
        purchase_id=str(lot.purchase_id) if lot.purchase_id else None,
        grant_id=str(lot.grant_id) if lot.grant_id else None,
        debt_settled=news.settled or None,
        period_start=lot.period_start,
        period_end=lot.period_end,
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("granted", lot.lot_id.hex))


def granted_by(deed: Deed, cause: Cause) -> Outgoing:
    """An operator's grant, told again as when it was decided."""
    assert deed.lot_id is not None, "a grant that was not refused has its lot"
    message = CreditsGranted(
        workspace_id=deed.workspace_id,
        user_id=deed.user_id,
        lot_id=str(deed.lot_id),
        kind="top_up",
        credits=deed.credits,
        grant_id=deed.deed_id,
        debt_settled=deed.settled,
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("granted", deed.lot_id.hex))


def corrected_by(deed: Deed, cause: Cause) -> Outgoing:
    """An operator's correction, told again as when it was decided."""
    assert deed.kind != "grant", "a grant corrects nothing"
    key = (deed.workspace_id, deed.user_id)
    return _correction(key, Corrected(UUID(deed.deed_id), deed.operator_id, deed.kind, deed.credits), cause)


def _corrected(account: Account, news: Corrected, cause: Cause) -> Outgoing:
    return _correction(account.key, news, cause)


def _correction(key: tuple[str, str], news: Corrected, cause: Cause) -> Outgoing:
    message = CreditsCorrected(
        workspace_id=key[0],
        user_id=key[1],
        correction_id=str(news.correction_id),
        operator_id=news.operator_id,
        deed=news.deed,
        credits=news.credits,
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("corrected", key[0], str(news.correction_id)))


def _grown(account: Account, news: Grown, cause: Cause) -> Outgoing:
    message = CreditsGranted(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        lot_id=str(news.lot.lot_id),
        kind="quota",
        credits=news.credits,
        period_start=news.lot.period_start,
        period_end=news.lot.period_end,
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("grown", news.lot.lot_id.hex, news.version))


def _lapsed(account: Account, news: Lapsed, cause: Cause) -> Outgoing:
    message = QuotaLapsed(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        lot_id=str(news.lot.lot_id),
        credits=news.credits,
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("lapsed", news.lot.lot_id.hex))


def _burned(account: Account, news: Burned, cause: Cause) -> Outgoing:
    message = CreditsBurned(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        usages=news.usages,
        credits=sum(news.taken.values()),
        lots=_movements(news.taken),
    )
    # Coalesced: another cut of the batches makes other events, so the id names both ends of this one.
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("burned", *account.key, news.after, news.version))


def _paused(account: Account, news: Paused, cause: Cause) -> Outgoing:
    message = CreditsPaused(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        cause=news.cause,
        top_up_credits=news.top_up_credits,
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("paused", *account.key, news.version))


def _freed(account: Account, news: Freed, cause: Cause) -> Outgoing:
    message = CreditsFreed(
        workspace_id=account.workspace_id, user_id=account.user_id, top_up_credits=news.top_up_credits
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("freed", *account.key, news.version))


def _held(account: Account, news: Held, cause: Cause) -> Outgoing:
    hold = news.hold
    message = CreditsHeld(
        **_hold(account, hold),
        transaction_id=str(hold.transaction_id),
        credits=hold.credits,
        lots=_movements(news.taken),
    )
    return Outgoing(LEDGER_ACCOUNT, message, cause, derive("held", hold.transaction_id.hex))


def _ended(account: Account, news: Ended, cause: Cause) -> Outgoing:
    end = news.end
    message = HoldEnded(
        **_hold(account, end.hold),
        transaction_id=str(end.transaction_id),
        outcome=end.how,
        late=end.ordinal > 0,
        burned=_movements(end.burned),
        returned=_movements(end.returned),
        lapsed=_movements(end.lapsed),
    )
    return Outgoing(
        LEDGER_ACCOUNT, message, cause, derive("hold-ended", end.transaction_id.hex, end.ordinal, *end.sums)
    )


def _returned(account: Account, news: Returned, cause: Cause) -> Outgoing:
    message = CreditsReturned(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        usage_id=news.usage_id,
        usage_source=news.source,
        transaction_id=str(news.transaction_id),
        returned=_movements(news.returned),
        lapsed=_movements(news.lapsed),
    )
    event_id = derive("returned", news.transaction_id.hex, sum(news.returned.values()), sum(news.lapsed.values()))
    return Outgoing(LEDGER_ACCOUNT, message, cause, event_id)


def _low(account: Account, news: Low, cause: Cause) -> Outgoing:
    about = {
        "workspace_id": account.workspace_id,
        "user_id": account.user_id,
        "quota": news.quota,
        "quota_ends_at": _quota_ends_at(account),
    }
    event_id = derive("low" if news.usable else "exhausted", *account.key, news.version)
    if news.usable:
        low = BalanceLow(**about, usable=news.usable, threshold=news.threshold)
        return Outgoing(LEDGER_ACCOUNT, low, cause, event_id)
    return Outgoing(LEDGER_ACCOUNT, CreditsExhausted(**about, held=news.held), cause, event_id)


def _hold(account: Account, hold: Hold) -> dict[str, Any]:
    return {
        "workspace_id": account.workspace_id,
        "user_id": account.user_id,
        "hold_id": hold.key[2],
        "hold_source": hold.key[1],
    }


def _movements(movements: Movements) -> tuple[LotMovement, ...]:
    return tuple(
        LotMovement(lot_id=str(lot.lot_id), kind=lot.kind, credits=credits) for lot, credits in movements.items()
    )


_ANNOUNCERS: dict[type, Callable[[Account, Any, Cause], Outgoing]] = {
    Opened: _opened,
    Grown: _grown,
    Lapsed: _lapsed,
    Burned: _burned,
    Paused: _paused,
    Freed: _freed,
    Held: _held,
    Ended: _ended,
    Returned: _returned,
    Low: _low,
    Corrected: _corrected,
}


def _balance(account: Account, may: Eligibility) -> BalanceChanged:
    """The present lots with credits in them, in burning order."""
    return BalanceChanged(
        workspace_id=account.workspace_id,
        user_id=account.user_id,
        version=account.version,
        quota_remaining=account.remaining("quota"),
        top_up_remaining=account.remaining("top_up"),
        usable=account.usable(may),
        held=account.held,
        frozen=sum(lot.remaining for lot in account.lots if lot.frozen),
        debt=account.debt,
        quota_ends_at=_quota_ends_at(account),
        top_up_paused=may.paused_by is not None,
        lots=tuple(
            LotBalance(
                lot_id=str(lot.lot_id),
                kind=lot.kind,
                granted=lot.granted,
                remaining=lot.remaining if lot.frozen else lot.left,
                withheld=0 if lot.frozen else lot.remaining - lot.left,
                frozen=lot.frozen,
                opened_at=lot.opened_at,
                period_end=lot.period_end,
            )
            for lot in account.present_lots
        ),
    )


def _quota_ends_at(account: Account) -> datetime | None:
    """The quota's end, while its period lasts."""
    current = account.period_end is not None and account.at is not None and account.at < account.period_end
    return account.period_end if current else None
