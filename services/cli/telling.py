"""Events in a sentence for people. What others wrote is shown without its control characters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from services.cli.money import money
from services.cli.reconciliation_sentences import RECONCILIATION_SENTENCES
from services.cli.refund_sentences import REFUND_SENTENCES
from shared.contracts import (
    audit,
    holds,
    notification,
    notification_commands,
    ops,
    price_catalog,
    product,
    spending,
    workspace,
)
from shared.contracts import auto_top_up as auto
from shared.contracts import credit_ledger as ledger
from shared.contracts import top_up_commands as commands
from shared.contracts import top_up_events as events
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.message import Message


def printable(text: str) -> str:
    """Without what could move the cursor, colour the screen or start a line of its own."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def quote_line(quote: commands.Quote) -> str:
    """What a quote says."""
    each = money(quote.unit_price_minor, quote.currency)
    total = money(quote.total_minor, quote.currency)
    return f"{quote.package_id} for {', '.join(quote.user_ids)}: {len(quote.user_ids)} x {each} = {total}"


def _lots(lots: tuple[ledger.LotMovement, ...]) -> str:
    return ", ".join(f"{lot.credits:,} from {lot.kind.replace('_', '-')} {lot.lot_id[:8]}" for lot in lots)


def _measure(message: holds.HoldCredits | holds.CaptureHold) -> str:
    if message.credits is not None:
        return f"{message.credits:,} credits"
    action = getattr(message, "action", None)
    return f"{message.quantity:,} {action or 'units'}"


def _back(message: holds.HoldCaptured | holds.HoldReleased | holds.HoldExpired) -> str:
    return f"{message.returned:,} returned" + (f", {message.lapsed:,} lapsed" if message.lapsed else "")


def _by_email(wanted: bool) -> str:
    return "by email, too" if wanted else "in-app only"


def _status(status: events.PurchaseStatus) -> str:
    extra = "".join(f", {value}" for value in (status.reason, status.url) if value)
    return f"purchase {status.purchase_id} is {status.state} (attempt {status.attempt}{extra})"


def _worker(figures: ops.WorkerFigures) -> str:
    behind = sum(lane.behind or 0 for lane in figures.lanes)
    outbox = f", {figures.outbox.rows:,} in the outbox" if figures.outbox else ""
    troubles = "".join(f"; {trouble}" for trouble in figures.troubles)
    return f"{figures.service} {figures.worker_id[:8]} is {figures.state}: {behind:,} behind{outbox}{troubles}"


def _caps(caps: spending.SetSpendingCaps | spending.SpendingCapsSet) -> str:
    whose = (("workspace", caps.workspace_day_minor), ("each buyer", caps.buyer_day_minor))
    limits = [f"{who} {money(cap, caps.currency)}" for who, cap in whose if cap is not None]
    return f"{', '.join(limits)} a day" if limits else f"no caps in {caps.currency.upper()}"


def _auto(said: auto.SetAutoTopUp | auto.AutoTopUpSet) -> str:
    cap = money(said.monthly_cap_minor, said.currency)
    return f"{said.package_id} below {said.threshold_credits:,} credits, at most {cap} a month"


def _stopped(stopped: auto.AutoTopUpStopped) -> str:
    why = f"by {stopped.actor_id}" if stopped.actor_id else f"{stopped.reason}: {stopped.detail}"
    return f"auto top-up of {stopped.user_id} in {stopped.workspace_id} stopped, {why}"


def _refused(refused: events.CommandRefused) -> str:
    when = f" Again from {refused.try_again_at:%Y-%m-%d %H:%M:%S}Z on." if refused.try_again_at else ""
    return f"refused, {refused.reason}: {refused.detail}{when}"


# Keys are message types; values say one event of it. What is not here is told by its key alone.
SENTENCES: dict[type[Message], Callable[[Any], str]] = {
    workspace.WorkspaceChanged: lambda m: f"workspace {m.workspace_id}: plan {m.plan}, {m.status}",
    workspace.MemberChanged: lambda m: f"{m.user_id} is {m.role} of {m.workspace_id}",
    workspace.ContactChanged: lambda m: f"contact of {m.user_id}",
    commands.QuoteTopUp: lambda m: f"{m.actor_id} asks for a quote of {m.package_id}",
    commands.RequestTopUp: lambda m: f"{m.actor_id} asks for {m.package_id} (request {m.request_id})",
    commands.CancelRequest: lambda m: f"{m.actor_id} takes request {m.request_id} back",
    commands.DeclineRequest: lambda m: f"{m.actor_id} declines request {m.request_id}",
    commands.PurchaseTopUp: lambda m: f"{m.actor_id} buys {quote_line(m.quote)}",
    commands.RetryPurchase: lambda m: f"{m.actor_id} tries purchase {m.purchase_id} again, attempt {m.attempt}",
    spending.SetSpendingCaps: lambda m: f"{m.actor_id} sets spending caps of {m.workspace_id}: {_caps(m)}",
    spending.SpendingCapsSet: lambda m: f"spending caps of {m.workspace_id}: {_caps(m)}",
    auto.SetAutoTopUp: lambda m: f"{m.actor_id} has {m.user_id} topped up by itself: {_auto(m)}",
    auto.StopAutoTopUp: lambda m: f"{m.actor_id} stops auto top-up of {m.user_id}",
    auto.AutoTopUpSet: lambda m: f"{m.user_id} is topped up by itself: {_auto(m)}",
    auto.AutoTopUpHeldBack: lambda m: (
        f"auto top-up of {m.user_id} held back until {m.try_again_at:%Y-%m-%d %H:%M}Z, {m.reason}: {m.detail}"
    ),
    auto.AutoTopUpStopped: _stopped,
    events.CommandRefused: _refused,
    events.TopUpQuoted: lambda m: f"quote: {quote_line(m.quote)} (catalog {m.quote.catalog_version})",
    events.TopUpRequested: lambda m: f"{m.asker_id} asked for {m.credits:,} credits, request {m.request_id}",
    events.RequestClaimed: lambda m: f"{m.buyer_id} is buying request {m.request_id}",
    events.RequestReleased: lambda m: f"request {m.request_id} is open again",
    events.RequestFulfilled: lambda m: f"request {m.request_id} of {m.asker_id} was fulfilled by {m.buyer_id}",
    events.RequestDeclined: lambda m: f"{m.decliner_id} declined request {m.request_id}: {m.reason}",
    events.RequestCancelled: lambda m: f"{m.asker_id} took request {m.request_id} back",
    events.RequestExpired: lambda m: f"request {m.request_id} expired",
    events.PurchaseAccepted: lambda m: f"purchase {m.purchase_id} accepted: {quote_line(m.quote)}",
    events.PurchasePaid: lambda m: (
        f"purchase {m.purchase_id} paid: {money(m.total_minor, m.currency)}"
        + (f", receipt {m.receipt_number}" if m.receipt_number else "")
    ),
    events.PurchaseDeclined: lambda m: f"purchase {m.purchase_id} declined, {m.reason}: {m.detail}",
    events.PurchaseActionRequired: lambda m: f"purchase {m.purchase_id} waits for authentication: open {m.url}",
    events.PurchaseCancelled: lambda m: f"purchase {m.purchase_id} cancelled: {m.reason}",
    events.PurchaseStatus: _status,
    price_catalog.CatalogPublished: lambda m: f"catalog {m.catalog_version} with {len(m.packages)} packages",
    product.UsageReported: lambda m: (
        f"{m.user_id} used {m.credits} credits" if m.credits else f"{m.user_id}: {m.action} x {m.quantity}"
    ),
    product.UsageReversed: lambda m: f"usage {m.usage_id} is taken back",
    ledger.UsageReversalRefused: lambda m: f"reversal of usage {m.usage_id} refused, {m.reason}: {m.detail}",
    ledger.CreditsReturned: lambda m: (
        f"{m.user_id}: usage {m.usage_id} taken back"
        + "".join(f", {word} {_lots(lots)}" for word, lots in (("returned", m.returned), ("lapsed", m.lapsed)) if lots)
    ),
    ledger.UsageRefused: lambda m: (
        f"usage {m.usage_id} of {m.user_id} refused, {m.reason}: needs {m.needed:,}, has {m.available:,}, "
        f"short by {m.short_by:,}"
    ),
    ledger.PurchaseCredited: lambda m: (
        f"purchase {m.purchase_id} credited: " + ", ".join(f"{line.user_id} +{line.credits:,}" for line in m.lines)
    ),
    ledger.CreditsGranted: lambda m: f"{m.user_id} +{m.credits:,} {m.kind.replace('_', '-')} {m.lot_id[:8]}",
    ledger.CreditsBurned: lambda m: f"{m.user_id} -{m.credits:,} by {m.usages} usages: {_lots(m.lots)}",
    ledger.QuotaLapsed: lambda m: f"{m.user_id} -{m.credits:,} lapsed with quota {m.lot_id[:8]}",
    ledger.BalanceLow: lambda m: f"{m.user_id} is low: {m.usable:,} usable of a quota of {m.quota:,}",
    ledger.CreditsExhausted: lambda m: f"{m.user_id} has no credits left" + (f", {m.held:,} held" if m.held else ""),
    ledger.CreditsPaused: lambda m: f"{m.user_id}: {m.top_up_credits:,} bought credits paused by {m.cause}",
    ledger.CreditsFreed: lambda m: f"{m.user_id}: {m.top_up_credits:,} bought credits usable again",
    ledger.BalanceChanged: lambda m: (
        f"{m.user_id} has {m.usable:,} usable: quota {m.quota_remaining:,}, top-up {m.top_up_remaining:,}"
        + (" (paused)" if m.top_up_paused else "")
        + (f", {m.held:,} held" if m.held else "")
    ),
    holds.HoldCredits: lambda m: f"{m.user_id} holds {_measure(m)} (hold {m.hold_id})",
    holds.CaptureHold: lambda m: f"{_measure(m)} of hold {m.hold_id} are captured",
    holds.ReleaseHold: lambda m: f"hold {m.hold_id} is given back",
    holds.HoldPlaced: lambda m: (
        f"{m.credits:,} credits held for {m.user_id} until {m.expires_at:%H:%M:%S} ({m.hold_id})"
    ),
    holds.HoldCaptured: lambda m: f"hold {m.hold_id} captured: {m.credits:,} burned, {_back(m)}",
    holds.HoldReleased: lambda m: f"hold {m.hold_id} released: {_back(m)}",
    holds.HoldExpired: lambda m: f"hold {m.hold_id} expired: {_back(m)}",
    holds.HoldRefused: lambda m: (
        f"{m.command} {m.hold_id} refused, {m.reason}: {m.detail}"
        + (f" (short by {m.short_by:,})" if m.short_by else "")
    ),
    holds.CreditsHeld: lambda m: f"{m.user_id} -{m.credits:,} held by {m.hold_id}: {_lots(m.lots)}",
    holds.HoldEnded: lambda m: (
        f"{m.user_id}: hold {m.hold_id} {m.outcome}"
        + "".join(
            f", {word} {_lots(lots)}"
            for word, lots in (("burned", m.burned), ("returned", m.returned), ("lapsed", m.lapsed))
            if lots
        )
    ),
    notification.NoticeDelivered: lambda m: f"{m.user_id} was told {m.kind} ({m.channel})",
    notification.NoticeFailed: lambda m: f"{m.user_id} could not be told {m.kind} ({m.channel}): {m.reason}",
    notification.NoticeHandled: lambda m: f"{m.user_id}: {m.kind} about {m.about_id} is settled",
    notification_commands.MarkNotices: lambda m: f"{m.user_id} marks {len(m.notice_ids)} notices {m.state}",
    notification_commands.SetEmailPreference: lambda m: f"{m.user_id} wants {m.kind} {_by_email(m.by_email)}",
    notification_commands.Unsubscribe: lambda m: f"{m.user_id} ends emails of {m.kind} by a link",
    notification.NoticesMarked: lambda m: (
        f"{m.user_id} has marked: " + ", ".join(f"{notice.notice_id} {notice.state}" for notice in m.notices)
    ),
    notification.EmailPreferenceSet: lambda m: f"{m.user_id} gets {m.kind} {_by_email(m.by_email)}",
    notification.NotificationCommandRefused: lambda m: f"{m.user_id}: refused, {m.reason}: {m.detail}",
    **REFUND_SENTENCES,
    **RECONCILIATION_SENTENCES,
    audit.DeadLetterRedriven: lambda m: f"{m.operator_id} has dead letter {m.letter_id} redriven: {m.reason}",
    audit.DeadLetterDiscarded: lambda m: f"{m.operator_id} discards dead letter {m.letter_id}: {m.reason}",
    ops.WorkerFigures: _worker,
    DeadLettered: lambda m: (
        f"{m.service} set aside {m.source_topic}[{m.source_partition}]@{m.source_offset}, {m.reason}: {m.detail}"
    ),
}


def sentence(message: Message) -> str:
    """The event in one line, safe for a terminal."""
    return printable(SENTENCES[type(message)](message))
