"""One example of every message: shown in the documents, and taken by tests as a valid starting point."""

from __future__ import annotations

from datetime import UTC, date, datetime

from shared.contracts import (
    audit,
    auto_top_up,
    credit_ledger,
    holds,
    notification,
    notification_commands,
    ops,
    price_catalog,
    product,
    spending,
    workspace,
)
from shared.contracts import top_up_commands as commands
from shared.contracts import top_up_events as events
from shared.contracts.dead_letter import DeadLettered, OriginalHeader
from shared.contracts.documents.example_names import (
    ADMIN,
    EDITOR,
    EVENT_ID,
    LINK_ID,
    LOT_ID,
    LOTS,
    NOON,
    NOTICE_ID,
    OTHER,
    OWNER,
    PERIOD_END,
    PURCHASE_ID,
    REQUEST_ID,
    WORKSPACE,
)
from shared.contracts.documents.reconciliation_examples import RECONCILING
from shared.contracts.documents.refund_examples import GOING_BACK
from shared.contracts.envelope import Envelope
from shared.contracts.flaws import Flaw
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES, Reason

QUOTE = commands.Quote(
    package_id="credits-10k",
    user_ids=(EDITOR, OTHER),
    unit_price_minor=4_900,
    total_minor=9_800,
    currency="eur",
    catalog_version=1,
)
CATALOG = price_catalog.CatalogPublished(
    catalog_version=1,
    effective_at=NOON,
    packages=(
        price_catalog.Package(package_id="credits-3k", credits=3_000, price_minor=1_900, currency="eur"),
        price_catalog.Package(package_id="credits-10k", credits=10_000, price_minor=4_900, currency="eur"),
    ),
    quotas=price_catalog.Quotas(
        free_first_period=600,
        free=300,
        pro_editor=3_000,
        pro_guest_editor=600,
        business_editor=10_000,
        business_guest_editor=2_000,
    ),
    action_prices=(price_catalog.ActionPrice(action="chat-tokens", credits=1, per=1_000),),
)

_IN_WORKSPACE = {"workspace_id": WORKSPACE}
_BY_OWNER = {"workspace_id": WORKSPACE, "actor_id": OWNER}
_BY_ADMIN = {"workspace_id": WORKSPACE, "actor_id": ADMIN}
_BY_EDITOR = {"workspace_id": WORKSPACE, "actor_id": EDITOR}
_REQUEST = {"workspace_id": WORKSPACE, "request_id": REQUEST_ID, "asker_id": EDITOR}
_PURCHASE = {"workspace_id": WORKSPACE, "purchase_id": PURCHASE_ID, "buyer_id": ADMIN, "request_id": REQUEST_ID}
_ACCOUNT = {"workspace_id": WORKSPACE, "user_id": EDITOR}
_AUTO = {
    **_ACCOUNT,
    "actor_id": ADMIN,
    "package_id": "credits-10k",
    "threshold_credits": 1_000,
    "monthly_cap_minor": 20_000,
    "currency": "eur",
}
_NOTICE = {"user_id": OWNER, "notice_id": NOTICE_ID, "workspace_id": WORKSPACE, "kind": "top_up_requested"}
_CAPS = {**_BY_OWNER, "currency": "eur", "workspace_day_minor": 50_000, "buyer_day_minor": 20_000}
_HOLD = {"workspace_id": WORKSPACE, "hold_id": "render-3"}
_HOLD_ANSWER = {**_ACCOUNT, **_HOLD, "hold_source": "/products/chat"}

_DEED = {
    "letter_id": EVENT_ID,
    "operator_id": "opal",
    "service": "credit-ledger",
    "source_topic": "product.usage.v1",
    "source_partition": 3,
    "source_offset": 1_024,
    "value_sha256": "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96",
}

_ALL: tuple[Message, ...] = (
    workspace.WorkspaceChanged(
        workspace_id=WORKSPACE,
        name="Acme",
        plan="business",
        status="active",
        cycle_anchor=date(2025, 10, 31),
        processor_customer_id="cus_acme",
        payment_method_id="pm_card_visa",
        version=1,
    ),
    workspace.MemberChanged(workspace_id=WORKSPACE, user_id=EDITOR, role="editor", version=1),
    workspace.ContactChanged(user_id=EDITOR, name="Edith", email="edith@acme.example", language="en", version=1),
    commands.QuoteTopUp.model_validate({**_BY_ADMIN, "package_id": "credits-10k", "user_ids": (EDITOR, OTHER)}),
    commands.RequestTopUp.model_validate({**_BY_EDITOR, "request_id": REQUEST_ID, "package_id": "credits-10k"}),
    commands.CancelRequest.model_validate({**_BY_EDITOR, "request_id": REQUEST_ID}),
    commands.DeclineRequest.model_validate({**_BY_ADMIN, "request_id": REQUEST_ID, "reason": "Not this month."}),
    commands.PurchaseTopUp.model_validate(
        {**_BY_ADMIN, "purchase_id": PURCHASE_ID, "quote": QUOTE, "request_id": REQUEST_ID}
    ),
    commands.RetryPurchase.model_validate(
        {**_BY_ADMIN, "purchase_id": PURCHASE_ID, "payment_method_id": "pm_card_mastercard", "attempt": 2}
    ),
    spending.SetSpendingCaps.model_validate(_CAPS),
    auto_top_up.SetAutoTopUp.model_validate(_AUTO),
    auto_top_up.StopAutoTopUp.model_validate({**_ACCOUNT, "actor_id": ADMIN}),
    auto_top_up.AutoTopUpSet.model_validate({**_AUTO, "set_at": NOON}),
    auto_top_up.AutoTopUpHeldBack.model_validate(
        {
            **_ACCOUNT,
            "reason": Reason.MONTHLY_CAP_REACHED,
            "detail": REMEDIES[Reason.MONTHLY_CAP_REACHED],
            "try_again_at": datetime(2026, 2, 1, tzinfo=UTC),
        }
    ),
    auto_top_up.AutoTopUpStopped.model_validate(
        {
            **_ACCOUNT,
            "cause": "declined",
            "set_by": ADMIN,
            "reason": Reason.DECLINED_TOO_OFTEN,
            "detail": REMEDIES[Reason.DECLINED_TOO_OFTEN],
            "purchase_id": PURCHASE_ID,
        }
    ),
    spending.SpendingCapsSet.model_validate({**_CAPS, "set_at": NOON}),
    events.CommandRefused.model_validate(
        {
            **_BY_ADMIN,
            "command": commands.RequestTopUp.type,
            "reason": Reason.CAN_BUY_DIRECTLY,
            "detail": REMEDIES[Reason.CAN_BUY_DIRECTLY],
            "request_id": REQUEST_ID,
        }
    ),
    events.TopUpQuoted.model_validate({**_BY_ADMIN, "quote": QUOTE, "credits_each": 10_000}),
    events.TopUpRequested.model_validate(
        {
            **_REQUEST,
            "package_id": "credits-10k",
            "credits": 10_000,
            "price_minor": 4_900,
            "currency": "eur",
            "catalog_version": 1,
            "expires_at": datetime(2026, 2, 14, 12, 0, tzinfo=UTC),
        }
    ),
    events.RequestClaimed.model_validate({**_REQUEST, "purchase_id": PURCHASE_ID, "buyer_id": ADMIN}),
    events.RequestReleased.model_validate({**_REQUEST, "purchase_id": PURCHASE_ID}),
    events.RequestFulfilled.model_validate({**_REQUEST, "purchase_id": PURCHASE_ID, "buyer_id": ADMIN}),
    events.RequestDeclined.model_validate({**_REQUEST, "decliner_id": ADMIN, "reason": "Not this month."}),
    events.RequestCancelled.model_validate(_REQUEST),
    events.RequestExpired.model_validate(_REQUEST),
    events.PurchaseAccepted.model_validate({**_PURCHASE, "quote": QUOTE}),
    events.PurchasePaid.model_validate(
        {
            **_PURCHASE,
            "lines": [
                {"user_id": user, "lot_id": lot, "credits": 10_000, "unit_price_minor": 4_900} for user, lot in LOTS
            ],
            "total_minor": 9_800,
            "currency": "eur",
            "catalog_version": 1,
            "payment_intent_id": "pi_1",
            "paid_at": NOON,
            "receipt_number": "R-7KXM-2QAD-41TB",
            "receipt_url": f"https://refill.example/purchases/{PURCHASE_ID}/receipt",
        }
    ),
    events.PurchaseDeclined.model_validate(
        {
            **_PURCHASE,
            "reason": Reason.CARD_DECLINED,
            "decline_code": "insufficient_funds",
            "detail": REMEDIES[Reason.CARD_DECLINED],
            "next_attempt": 2,
        }
    ),
    events.PurchaseActionRequired.model_validate({**_PURCHASE, "url": f"https://refill.example/pay/{PURCHASE_ID}"}),
    events.PurchaseCancelled.model_validate({**_PURCHASE, "reason": Reason.UNPAID_TOO_LONG}),
    events.PurchaseStatus.model_validate(
        {**_PURCHASE, "state": "credited", "quote": QUOTE, "attempt": 1, "payment_intent_id": "pi_1"}
    ),
    CATALOG,
    product.UsageReported.model_validate(
        {**_ACCOUNT, "usage_id": "chat-7", "occurred_at": NOON, "action": "chat-tokens", "quantity": 1_250}
    ),
    credit_ledger.UsageRefused.model_validate(
        {
            **_ACCOUNT,
            "usage_id": "chat-7",
            "usage_source": "/products/chat",
            "reason": Reason.INSUFFICIENT_CREDITS,
            "detail": REMEDIES[Reason.INSUFFICIENT_CREDITS],
            "needed": 12,
            "available": 5,
            "short_by": 7,
        }
    ),
    credit_ledger.BalanceLow.model_validate(
        {**_ACCOUNT, "usable": 1_998, "threshold": 2_000, "quota": 10_000, "quota_ends_at": PERIOD_END}
    ),
    credit_ledger.CreditsExhausted.model_validate(
        {**_ACCOUNT, "held": 120, "quota": 10_000, "quota_ends_at": PERIOD_END}
    ),
    product.UsageReversed.model_validate({"workspace_id": WORKSPACE, "usage_id": "chat-7"}),
    credit_ledger.UsageReversalRefused.model_validate(
        {
            "workspace_id": WORKSPACE,
            "usage_id": "chat-7",
            "usage_source": "/products/chat",
            "reason": Reason.UNKNOWN_USAGE,
            "detail": REMEDIES[Reason.UNKNOWN_USAGE],
        }
    ),
    credit_ledger.CreditsReturned.model_validate(
        {
            **_ACCOUNT,
            "usage_id": "chat-7",
            "usage_source": "/products/chat",
            "transaction_id": EVENT_ID,
            "returned": ({"lot_id": LOT_ID, "kind": "top_up", "credits": 2},),
        }
    ),
    holds.HoldCredits.model_validate({**_ACCOUNT, **_HOLD, "action": "chat-tokens", "quantity": 120_000}),
    holds.CaptureHold.model_validate({**_HOLD, "quantity": 96_500}),
    holds.ReleaseHold.model_validate(_HOLD),
    holds.HoldPlaced.model_validate({**_HOLD_ANSWER, "credits": 120, "expires_at": NOON, "catalog_version": 1}),
    holds.HoldCaptured.model_validate({**_HOLD_ANSWER, "credits": 97, "returned": 23, "lapsed": 0}),
    holds.HoldReleased.model_validate({**_HOLD_ANSWER, "returned": 120, "lapsed": 0}),
    holds.HoldExpired.model_validate({**_HOLD_ANSWER, "returned": 120, "lapsed": 0, "expires_at": NOON}),
    holds.HoldRefused.model_validate(
        {
            **_HOLD,
            "hold_source": "/products/chat",
            "command": "hold",
            "reason": Reason.INSUFFICIENT_CREDITS,
            "detail": REMEDIES[Reason.INSUFFICIENT_CREDITS],
            "needed": 120,
            "available": 5,
            "short_by": 115,
        }
    ),
    holds.CreditsHeld.model_validate(
        {
            **_HOLD_ANSWER,
            "transaction_id": EVENT_ID,
            "credits": 120,
            "lots": ({"lot_id": LOT_ID, "kind": "top_up", "credits": 120},),
        }
    ),
    holds.HoldEnded.model_validate(
        {
            **_HOLD_ANSWER,
            "transaction_id": EVENT_ID,
            "outcome": "captured",
            "burned": ({"lot_id": LOT_ID, "kind": "top_up", "credits": 97},),
            "returned": ({"lot_id": LOT_ID, "kind": "top_up", "credits": 23},),
        }
    ),
    credit_ledger.PurchaseCredited.model_validate(
        {
            **_IN_WORKSPACE,
            "purchase_id": PURCHASE_ID,
            "buyer_id": ADMIN,
            "lines": [{"user_id": user, "lot_id": lot, "credits": 10_000, "usable": True} for user, lot in LOTS],
            "credited_at": NOON,
        }
    ),
    credit_ledger.CreditsGranted.model_validate(
        {**_ACCOUNT, "lot_id": LOT_ID, "kind": "top_up", "credits": 10_000, "purchase_id": PURCHASE_ID}
    ),
    credit_ledger.CreditsBurned.model_validate(
        {**_ACCOUNT, "usages": 3, "credits": 12, "lots": [{"lot_id": LOT_ID, "kind": "top_up", "credits": 12}]}
    ),
    credit_ledger.QuotaLapsed.model_validate({**_ACCOUNT, "lot_id": LOT_ID, "credits": 120}),
    credit_ledger.CreditsPaused.model_validate({**_ACCOUNT, "cause": "plan", "top_up_credits": 9_988}),
    credit_ledger.CreditsFreed.model_validate({**_ACCOUNT, "top_up_credits": 9_988}),
    credit_ledger.BalanceChanged.model_validate(
        {
            **_ACCOUNT,
            "version": 7,
            "quota_remaining": 0,
            "top_up_remaining": 9_988,
            "usable": 9_988,
            "quota_ends_at": PERIOD_END,
            "top_up_paused": False,
            "lots": [{"lot_id": LOT_ID, "kind": "top_up", "granted": 10_000, "remaining": 9_988, "opened_at": NOON}],
        }
    ),
    *GOING_BACK,
    *RECONCILING,
    notification.NoticeDelivered.model_validate({**_NOTICE, "channel": "email", "about_id": REQUEST_ID}),
    notification.NoticeFailed.model_validate({**_NOTICE, "channel": "email", "reason": "no_address"}),
    notification.NoticeHandled.model_validate({**_NOTICE, "about_id": REQUEST_ID}),
    notification_commands.MarkNotices(user_id=OWNER, notice_ids=(NOTICE_ID,), state="read"),
    notification_commands.SetEmailPreference(user_id=OWNER, kind="credits_low", by_email=False),
    notification_commands.Unsubscribe(user_id=OWNER, kind="top_up_requested", token=LINK_ID),
    notification.NoticesMarked.model_validate(
        {"user_id": OWNER, "notices": ({"notice_id": NOTICE_ID, "state": "read"},)}
    ),
    notification.EmailPreferenceSet(user_id=OWNER, kind="credits_low", by_email=False),
    notification.NotificationCommandRefused(
        user_id=OWNER,
        command=notification_commands.MarkNotices.type,
        reason=Reason.UNKNOWN_NOTICE,
        detail=REMEDIES[Reason.UNKNOWN_NOTICE],
    ),
    ops.WorkerFigures(
        service="billing",
        worker_id=EVENT_ID,
        started_at=NOON,
        number=12,
        every_ms=5_000,
        state="working",
        lanes=(ops.LaneFigures(name="commands", behind=3, records=420, batches=60, busy_ms=540, published=410),),
        outbox=ops.OutboxFigures(rows=2, oldest_ms=14),
        relay=ops.RelayFigures(post="active", published=408),
    ),
    DeadLettered(
        service="credit-ledger",
        source_topic="product.usage.v1",
        source_partition=3,
        source_offset=1_024,
        appended_at=NOON,
        reason=Flaw.NOT_JSON,
        detail="the value is not JSON: unexpected end of data: line 1 column 2 (char 1)",
        key_base64="YWNtZQ==",
        value_base64="ew==",
        value_sha256="021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96",
        headers=(OriginalHeader(name="content-type", value_base64="YXBwbGljYXRpb24vanNvbg=="),),
    ),
    audit.DeadLetterRedriven.model_validate({**_DEED, "reason": "Ticket 4715: read since release 1.4."}),
    audit.DeadLetterDiscarded.model_validate({**_DEED, "reason": "Ticket 4716: a test of the product's."}),
)

EXAMPLES: dict[type[Message], Message] = {type(message): message for message in _ALL}


def enveloped(message: Message, source: str) -> Envelope:
    """The example as the event that goes over the wire."""
    return Envelope(
        id=EVENT_ID,
        source=source,
        type=message.type,
        time=NOON,
        data=message.wire(),
        subject=message.key(),
        correlation_id=EVENT_ID,
    )
