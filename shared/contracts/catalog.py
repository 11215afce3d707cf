"""The catalog: every topic of the system in one table. Topics are created and AsyncAPI documents generated from it.

Partition counts are equal and fixed for the life of v1: a key's partition, and so its order, never moves.
"""

from __future__ import annotations

from shared.contracts import (
    audit,
    auto_top_up,
    credit_ledger,
    holds,
    notification,
    notification_commands,
    operator_commands,
    ops,
    price_catalog,
    product,
    recalls,
    reconciliation,
    refunds,
    spending,
    top_up_commands,
    top_up_events,
    workspace,
)
from shared.contracts.dead_letter import DEAD_LETTER_BYTES, DeadLettered
from shared.contracts.topics import HOURS_PER_DAY, OLDEST_BACKUP_HOURS, Topic

WORKSPACE_DIRECTORY = Topic(
    name="workspace.directory.v1",
    owner="upstream",
    keyed_by="workspace, or workspace/user",
    messages=(workspace.WorkspaceChanged, workspace.MemberChanged),
    producers=("upstream",),
    consumers=("billing", "credit-ledger", "notification"),
    summary="Workspaces and members, each whole with a growing version. Null is a tombstone: its key is gone.",
    cleanup="compact",
    inbound=True,
    tombstones=True,
)
WORKSPACE_CONTACT = Topic(
    name="workspace.contact.v1",
    owner="upstream",
    keyed_by="user",
    messages=(workspace.ContactChanged,),
    producers=("upstream",),
    consumers=("notification",),
    summary="How people are called and reached: the only topic with personal data. Null erases a person.",
    cleanup="compact",
    inbound=True,
    tombstones=True,
    max_compaction_lag_hours=HOURS_PER_DAY,  # with deploy.kafka.erasure: how long an erased address can stay in the log
    personal_data=True,
)
TOP_UP_COMMANDS = Topic(
    name="billing.top-up.commands.v1",
    owner="billing",
    keyed_by="workspace",
    messages=(
        top_up_commands.QuoteTopUp,
        top_up_commands.RequestTopUp,
        top_up_commands.CancelRequest,
        top_up_commands.DeclineRequest,
        top_up_commands.PurchaseTopUp,
        top_up_commands.RetryPurchase,
        spending.SetSpendingCaps,
        auto_top_up.SetAutoTopUp,
        auto_top_up.StopAutoTopUp,
        refunds.ProposeRefund,
        refunds.RefundPurchase,
    ),
    producers=("edge",),
    consumers=("billing",),
    summary="Requests and purchases. Written by the edge only, which vouches for the actor; roles are looked up.",
    key_rule="optional",
    inbound=True,
)
BILLING_OPERATOR_COMMANDS = Topic(
    name="billing.operator.commands.v1",
    owner="billing",
    keyed_by="workspace, or what is asked where it is about many",
    messages=(
        operator_commands.ProposeOperatorRefund,
        operator_commands.OperatorRefund,
        operator_commands.DecideRecall,
        reconciliation.ReconcilePayments,
        reconciliation.ListParkedPayments,
        reconciliation.ReviewParkedPayment,
    ),
    producers=("operator",),
    consumers=("billing",),
    summary="What operators decide about money. Written by operators only: who may is Kafka's to say.",
    key_rule="optional",
    inbound=True,
    retention_hours=OLDEST_BACKUP_HOURS,
)
LEDGER_OPERATOR_COMMANDS = Topic(
    name="credit-ledger.operator.commands.v1",
    owner="credit-ledger",
    keyed_by="workspace",
    messages=(operator_commands.GrantCredits, operator_commands.CorrectCredits),
    producers=("operator",),
    consumers=("credit-ledger",),
    summary="Credits that operators grant, withdraw or forgive. Written by operators only.",
    key_rule="optional",
    inbound=True,
    retention_hours=OLDEST_BACKUP_HOURS,
)
TOP_UP = Topic(
    name="billing.top-up.v1",
    owner="billing",
    keyed_by="workspace",
    messages=(
        top_up_events.CommandRefused,
        top_up_events.TopUpQuoted,
        top_up_events.TopUpRequested,
        top_up_events.RequestClaimed,
        top_up_events.RequestReleased,
        top_up_events.RequestFulfilled,
        top_up_events.RequestDeclined,
        top_up_events.RequestCancelled,
        top_up_events.RequestExpired,
        top_up_events.PurchaseAccepted,
        top_up_events.PurchasePaid,
        top_up_events.PurchaseDeclined,
        top_up_events.PurchaseActionRequired,
        top_up_events.PurchaseCancelled,
        top_up_events.PurchaseStatus,
        spending.SpendingCapsSet,
        auto_top_up.AutoTopUpSet,
        auto_top_up.AutoTopUpHeldBack,
        auto_top_up.AutoTopUpStopped,
        recalls.LotsAppraisalAsked,
        recalls.RecallOpened,
        recalls.RecallClosed,
        recalls.RecallDecided,
        refunds.RefundProposed,
        refunds.RefundAccepted,
        refunds.PurchaseRefunded,
        refunds.RefundFailed,
        refunds.PurchaseDisputed,
        refunds.DisputeFundsMoved,
        refunds.DisputeClosed,
    ),
    producers=("billing",),
    consumers=("credit-ledger", "notification", "edge", "operator"),
    summary="What happened to requests and purchases, and the answers to commands.",
    retention_hours=OLDEST_BACKUP_HOURS,
)
BILLING_RECONCILIATION = Topic(
    name="billing.reconciliation.v1",
    owner="billing",
    keyed_by="reconciliation, list, or workspace of a review",
    messages=(
        reconciliation.ReconciliationFinished,
        reconciliation.ReconciliationRefused,
        reconciliation.ParkedPaymentsListed,
        reconciliation.ParkedPaymentReviewed,
    ),
    producers=("billing",),
    consumers=("edge", "operator"),
    summary="Where our books and the processor's differ, and what waits for a person. For operators only.",
    retention_hours=OLDEST_BACKUP_HOURS,
)
PRICE_CATALOG = Topic(
    name="billing.catalog.v1",
    owner="billing",
    keyed_by="catalog version",
    messages=(price_catalog.CatalogPublished,),
    producers=("edge",),
    consumers=("billing", "credit-ledger", "edge"),
    summary="Packages, prices, quotas and action prices; all versions live side by side.",
    cleanup="compact",
    inbound=True,
)
PRODUCT_USAGE = Topic(
    name="product.usage.v1",
    owner="products",
    keyed_by="workspace",
    messages=(product.UsageReported, product.UsageReversed),
    producers=("products",),
    consumers=("credit-ledger",),
    summary="Usage, and usage taken back; one event or a batch of events in a message.",
    key_rule="optional",
    inbound=True,
    batch_mode=True,
)
HOLD_COMMANDS = Topic(
    name="credit-ledger.hold.commands.v1",
    owner="credit-ledger",
    keyed_by="workspace",
    messages=(holds.HoldCredits, holds.CaptureHold, holds.ReleaseHold),
    producers=("products",),
    consumers=("credit-ledger",),
    summary="Hold, capture, release: apart from usage, so that a live hold never waits behind a backlog of it.",
    key_rule="optional",
    inbound=True,
)
LEDGER_ANSWERS = Topic(
    name="credit-ledger.answers.v1",
    owner="credit-ledger",
    keyed_by="workspace",
    messages=(
        credit_ledger.UsageRefused,
        credit_ledger.UsageReversalRefused,
        holds.HoldPlaced,
        holds.HoldCaptured,
        holds.HoldReleased,
        holds.HoldExpired,
        holds.HoldRefused,
        operator_commands.LedgerCommandRefused,
    ),
    producers=("credit-ledger",),
    consumers=("products", "edge", "operator"),
    summary="Answers to products: what became of each hold, and each refused usage or reversal.",
    retention_hours=3 * HOURS_PER_DAY,
)
LEDGER_PURCHASE = Topic(
    name="credit-ledger.purchase.v1",
    owner="credit-ledger",
    keyed_by="workspace",
    messages=(
        credit_ledger.PurchaseCredited,
        recalls.LotsAppraised,
        recalls.PurchaseFrozen,
        recalls.FreezeRefused,
        recalls.PurchaseTakenBack,
        recalls.PurchaseGivenBack,
    ),
    producers=("credit-ledger",),
    consumers=("billing", "notification", "edge", "operator"),
    summary="What the ledger did to a purchase, all its lines at once.",
    retention_hours=OLDEST_BACKUP_HOURS,
)
LEDGER_ACCOUNT = Topic(
    name="credit-ledger.account.v1",
    owner="credit-ledger",
    keyed_by="account (workspace/user)",
    messages=(
        credit_ledger.CreditsGranted,
        credit_ledger.CreditsBurned,
        credit_ledger.QuotaLapsed,
        credit_ledger.CreditsPaused,
        credit_ledger.CreditsFreed,
        credit_ledger.CreditsReturned,
        credit_ledger.BalanceLow,
        credit_ledger.CreditsExhausted,
        holds.CreditsHeld,
        holds.HoldEnded,
        operator_commands.CreditsCorrected,
    ),
    producers=("credit-ledger",),
    consumers=("notification", "edge", "operator"),
    summary="The life of an account: granted, held, burned, returned, lapsed, low, exhausted, paused, freed.",
    retention_hours=OLDEST_BACKUP_HOURS,
)
LEDGER_BALANCE = Topic(
    name="credit-ledger.balance.v1",
    owner="credit-ledger",
    keyed_by="account (workspace/user)",
    messages=(credit_ledger.BalanceChanged,),
    producers=("credit-ledger",),
    consumers=("products", "billing", "edge", "operator"),
    summary="The latest balance of each account, with a version: any product can keep its own copy.",
    cleanup="compact",
)
NOTIFICATION_COMMANDS = Topic(
    name="notification.commands.v1",
    owner="notification",
    keyed_by="person",
    messages=(
        notification_commands.MarkNotices,
        notification_commands.SetEmailPreference,
        notification_commands.Unsubscribe,
    ),
    producers=("edge",),
    consumers=("notification",),
    summary="What people do with their notices, and which of them they want by email.",
    key_rule="optional",
    inbound=True,
)
NOTIFICATION_DELIVERY = Topic(
    name="notification.delivery.v1",
    owner="notification",
    keyed_by="person",
    messages=(
        notification.NoticeDelivered,
        notification.NoticeFailed,
        notification.NoticeHandled,
        notification.NoticesMarked,
        notification.EmailPreferenceSet,
        notification.NotificationCommandRefused,
    ),
    producers=("notification",),
    consumers=("edge",),
    summary="What was told to whom, by ids only, and the answers to commands.",
)

SERVICES = ("billing", "credit-ledger", "notification")

OPS_METRICS = Topic(
    name="ops.metrics.v1",
    owner="ops",
    keyed_by="worker (service/worker)",
    messages=(ops.WorkerFigures,),
    producers=SERVICES,
    consumers=("edge",),
    summary="How each worker goes, every few seconds: lanes, outbox, relay, and why it is not healthy.",
    retention_hours=3 * HOURS_PER_DAY,
)

PARTIES = ("upstream", "products", "edge", "operator", *SERVICES)
"""Everyone who may write or read a topic. Each has one user at Kafka, of its name; `producers` and `consumers` of the
topics are all that it may do there."""


def _dead_letters_of(service: str) -> Topic:
    return Topic(
        name=f"{service}.dead-letter.v1",
        owner=service,
        keyed_by="the original's key",
        messages=(DeadLettered,),
        producers=(service,),
        consumers=("edge",),
        summary=f"What {service} could not read: where, why, when, and the untouched original.",
        retention_hours=OLDEST_BACKUP_HOURS,
        key_rule="optional",
        max_message_bytes=DEAD_LETTER_BYTES,
    )


OPS_AUDIT = Topic(
    name="ops.audit.v1",
    owner="operator",
    keyed_by="dead letter",
    messages=(audit.DeadLetterRedriven, audit.DeadLetterDiscarded),
    producers=("operator",),
    consumers=("edge", "operator"),
    summary="What operators did to dead letters: who, when and why. Written before it is done.",
    inbound=True,  # when it was done is the broker's to say
    retention_hours=OLDEST_BACKUP_HOURS,  # as long as the letters themselves
)

DEAD_LETTERS: dict[str, Topic] = {service: _dead_letters_of(service) for service in SERVICES}

TOPICS: tuple[Topic, ...] = (
    WORKSPACE_DIRECTORY,
    WORKSPACE_CONTACT,
    TOP_UP_COMMANDS,
    BILLING_OPERATOR_COMMANDS,
    TOP_UP,
    BILLING_RECONCILIATION,
    PRICE_CATALOG,
    PRODUCT_USAGE,
    HOLD_COMMANDS,
    LEDGER_OPERATOR_COMMANDS,
    LEDGER_ANSWERS,
    LEDGER_PURCHASE,
    LEDGER_ACCOUNT,
    LEDGER_BALANCE,
    NOTIFICATION_COMMANDS,
    NOTIFICATION_DELIVERY,
    OPS_METRICS,
    *DEAD_LETTERS.values(),
    OPS_AUDIT,
)

BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}
