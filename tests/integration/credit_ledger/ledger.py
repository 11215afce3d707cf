"""A ledger without Kafka: the real handlers and tables, fed by hand, one committed transaction per run of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, uuid5

from deploy.local.cluster import Cluster
from deploy.postgres.roles import URL_VARIABLES, migrator
from services.credit_ledger.app import MIGRATIONS
from services.credit_ledger.domain.operator_deed import CorrectingDeed
from services.credit_ledger.handlers.directory import change_members, change_workspaces, publish_catalog, remove
from services.credit_ledger.handlers.holds import expire_holds, handle_holds
from services.credit_ledger.handlers.operators import handle_deeds
from services.credit_ledger.handlers.purchases import credit_purchase
from services.credit_ledger.handlers.recalls import appraise_lots, close_recalls, open_recalls
from services.credit_ledger.handlers.renewal import renew
from services.credit_ledger.handlers.reversals import reverse_usage
from services.credit_ledger.handlers.usage import report_usage
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.verify import audit
from shared.contracts.decode import Tombstone
from shared.contracts.holds import CaptureHold, HoldCredits, ReleaseHold
from shared.contracts.message import Message
from shared.contracts.operator_commands import CorrectCredits, GrantCredits
from shared.contracts.price_catalog import ActionPrice, CatalogPublished, Package, Quotas
from shared.contracts.product import UsageReported, UsageReversed
from shared.contracts.recalls import (
    LotsAppraisalAsked,
    RecallCause,
    RecallClosed,
    RecalledLot,
    RecallOpened,
    RecallVerdict,
)
from shared.contracts.top_up_events import PurchaseLine, PurchasePaid
from shared.contracts.workspace import MemberChanged, Plan, Role, WorkspaceChanged, WorkspaceStatus
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Cause, Handler, Outgoing, Park, Received, Work
from shared.postgres.migrations import migrate
from shared.postgres.pool import Database as Pool
from tests.stack.database import Database
from tests.stack.fixtures import fresh_database

M = TypeVar("M", bound=Message)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
PRODUCT = "/products/studio"

HANDLERS: dict[type, Handler[LedgerRepository]] = {
    WorkspaceChanged: change_workspaces,
    MemberChanged: change_members,
    Tombstone: remove,
    CatalogPublished: publish_catalog,
    PurchasePaid: credit_purchase,
    UsageReported: report_usage,
    UsageReversed: reverse_usage,
    HoldCredits: handle_holds,
    CaptureHold: handle_holds,
    ReleaseHold: handle_holds,
    LotsAppraisalAsked: appraise_lots,
    RecallOpened: open_recalls,
    RecallClosed: close_recalls,
    GrantCredits: handle_deeds,
    CorrectCredits: handle_deeds,
}


@dataclass
class Answers:
    """What one transaction gave back."""

    effects: list[Outgoing | Park] = field(default_factory=list)

    def of(self, message_type: type[M]) -> list[M]:
        """The outgoing messages of one type."""
        return [
            each.message
            for each in self.effects
            if isinstance(each, Outgoing) and isinstance(each.message, message_type)
        ]

    @property
    def parked(self) -> list[Park]:
        return [each for each in self.effects if isinstance(each, Park)]

    @property
    def ids(self) -> list[str]:
        return [str(each.event_id) for each in self.effects if isinstance(each, Outgoing)]


class Ledger:
    """One worker's view of a migrated database. `at` is the append time of what comes next."""

    def __init__(self, url: str) -> None:
        self.connection = Pool(url, "test-ledger", "credit_ledger").connect()
        self.at = NOON
        self.may_wait = True
        self._offsets = count()

    def close(self) -> None:
        self.connection.close()

    def handle(self, *messages: Any, source: str = PRODUCT) -> Answers:
        """One committed transaction per run of one handler, as the runtime does it."""
        answers = Answers()
        received = [self.received(message, source) for message in messages]
        while received:
            handler = handler_of(received[0].message)
            end = next((i for i, each in enumerate(received) if handler_of(each.message) is not handler), len(received))
            answers.effects.extend(self.run(handler, received[:end]))
            received = received[end:]
        return answers

    def run(self, handler: Handler[LedgerRepository], received: Sequence[Received[Any]]) -> list[Outgoing | Park]:
        """One transaction."""
        with self.connection.transaction():
            work = Work(LedgerRepository(self.connection), self.at, PostgresTimers(self.connection))
            return list(handler(received, work))

    def renew(self, *refs: str) -> Answers:
        """The alarm rings for these accounts."""
        with self.connection.transaction():
            work = Work(LedgerRepository(self.connection), self.at, PostgresTimers(self.connection))
            return Answers(list(renew(refs, work)))

    def expire(self, *refs: str) -> Answers:
        """The alarm rings for these holds."""
        with self.connection.transaction():
            work = Work(LedgerRepository(self.connection), self.at, PostgresTimers(self.connection))
            return Answers(list(expire_holds([f"{ref}/{PRODUCT}" for ref in refs], work)))

    def received(self, message: Any, source: str = PRODUCT) -> Received[Any]:
        offset = next(self._offsets)
        cause = Cause(source, f"event-{offset}")
        return Received(message, cause, "topic", 0, offset, 0, self.at, self.may_wait)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Plain SQL, read and forgotten."""
        with self.connection.transaction():
            return self.connection.execute(query, parameters).fetchall()

    def lots(self, workspace_id: str, user_id: str) -> list[tuple[str, int, int]]:
        """Kind, granted and remaining of an account's lots, oldest first."""
        return self.rows(
            "SELECT kind, granted, remaining FROM lots WHERE workspace_id = %s AND user_id = %s "
            "ORDER BY kind, opened_at, lot_id",
            workspace_id,
            user_id,
        )


def handler_of(message: Any) -> Handler[LedgerRepository]:
    """Each type has its own, but for holds, captures and releases, which come mixed."""
    return HANDLERS[type(message)]


def ledger_database(cluster: Cluster, name: str) -> AbstractContextManager[Database]:
    """A fresh database with the ledger's tables."""
    return fresh_database(cluster, name, _make_tables, "ledger")


def _make_tables(urls: Mapping[str, str]) -> None:
    url = urls[URL_VARIABLES[migrator("credit_ledger")]]
    migrate(url, "credit_ledger", (RUNTIME_MIGRATIONS, MIGRATIONS))


def bad_checks(database: Database) -> list[str]:
    """The names of the checks of `verify` that the books fail."""
    with Pool(database.auditor_url, "test-auditor", "credit_ledger").connect() as connection:
        return [finding.check for finding in audit(connection) if finding.bad_rows]


def workspace(
    workspace_id: str = "acme",
    plan: Plan = "business",
    status: WorkspaceStatus = "active",
    version: int = 1,
    anchor: date = date(2026, 1, 5),
) -> WorkspaceChanged:
    return WorkspaceChanged(
        workspace_id=workspace_id, name="Acme", plan=plan, status=status, cycle_anchor=anchor, version=version
    )


def member(user_id: str = "erin", role: Role = "editor", version: int = 1, workspace_id: str = "acme") -> MemberChanged:
    return MemberChanged(workspace_id=workspace_id, user_id=user_id, role=role, version=version)


def catalog(
    version: int = 1, effective_at: datetime = datetime(2026, 1, 1, tzinfo=UTC), **quotas: int
) -> CatalogPublished:
    amounts = {
        "free_first_period": 600,
        "free": 300,
        "pro_editor": 3_000,
        "pro_guest_editor": 600,
        "business_editor": 10_000,
        "business_guest_editor": 2_000,
    }
    return CatalogPublished(
        catalog_version=version,
        effective_at=effective_at,
        packages=(Package(package_id="credits-3k", credits=3_000, price_minor=1_500, currency="usd"),),
        quotas=Quotas(**{**amounts, **quotas}),
        action_prices=(ActionPrice(action="chat", credits=2 * version, per=100),),
    )


def usage(
    usage_id: str, credits: int | None = None, user_id: str = "erin", workspace_id: str = "acme", **fields: Any
) -> UsageReported:
    return UsageReported(
        usage_id=usage_id,
        workspace_id=workspace_id,
        user_id=user_id,
        credits=credits,
        **{"occurred_at": NOON, **fields},
    )


def reversal(usage_id: str, workspace_id: str = "acme") -> UsageReversed:
    return UsageReversed(usage_id=usage_id, workspace_id=workspace_id)


def hold(
    hold_id: str,
    credits: int | None = None,
    user_id: str = "erin",
    workspace_id: str = "acme",
    expires_in_s: int = 900,
    **fields: Any,
) -> HoldCredits:
    return HoldCredits(
        hold_id=hold_id,
        workspace_id=workspace_id,
        user_id=user_id,
        credits=credits,
        expires_in_s=expires_in_s,
        **fields,
    )


def capture(hold_id: str, credits: int | None = None, workspace_id: str = "acme", **fields: Any) -> CaptureHold:
    return CaptureHold(hold_id=hold_id, workspace_id=workspace_id, credits=credits, **fields)


def release(hold_id: str, workspace_id: str = "acme") -> ReleaseHold:
    return ReleaseHold(hold_id=hold_id, workspace_id=workspace_id)


def uuid_of(name: str) -> str:
    return str(uuid5(NAMESPACE_OID, name))


def paid(
    purchase: str, *users: str, credits: int = 3_000, workspace_id: str = "acme", buyer_id: str = "adam"
) -> PurchasePaid:
    return PurchasePaid(
        workspace_id=workspace_id,
        purchase_id=uuid_of(f"{workspace_id}/{purchase}"),
        buyer_id=buyer_id,
        lines=tuple(
            PurchaseLine(
                user_id=user_id,
                lot_id=uuid_of(f"{workspace_id}/{purchase}/{user_id}"),
                credits=credits,
                unit_price_minor=1_500,
            )
            for user_id in users
        ),
        total_minor=1_500 * len(users),
        currency="usd",
        catalog_version=1,
        payment_intent_id="pi_1",
        paid_at=NOON,
    )


def lots_of(purchase: str, *users: str, workspace_id: str = "acme") -> tuple[RecalledLot, ...]:
    return tuple(RecalledLot(user_id=user, lot_id=uuid_of(f"{workspace_id}/{purchase}/{user}")) for user in users)


def appraisal(purchase: str, *users: str, workspace_id: str = "acme") -> LotsAppraisalAsked:
    return LotsAppraisalAsked(
        workspace_id=workspace_id,
        purchase_id=uuid_of(f"{workspace_id}/{purchase}"),
        appraisal_id=uuid_of("appraisal"),
        lots=lots_of(purchase, *users, workspace_id=workspace_id),
    )


def recall(
    name: str,
    purchase: str,
    *users: str,
    workspace_id: str = "acme",
    cause: RecallCause = "refund",
    untouched_only: bool = False,
) -> RecallOpened:
    return RecallOpened(
        workspace_id=workspace_id,
        purchase_id=uuid_of(f"{workspace_id}/{purchase}"),
        recall_id=uuid_of(f"{workspace_id}/{name}"),
        cause=cause,
        lots=lots_of(purchase, *users, workspace_id=workspace_id),
        untouched_only=untouched_only,
    )


def verdict(
    name: str, purchase: str, *users: str, verdict: RecallVerdict, step: int = 1, workspace_id: str = "acme"
) -> RecallClosed:
    return RecallClosed(
        workspace_id=workspace_id,
        purchase_id=uuid_of(f"{workspace_id}/{purchase}"),
        recall_id=uuid_of(f"{workspace_id}/{name}"),
        step=step,
        verdict=verdict,
        lots=lots_of(purchase, *users, workspace_id=workspace_id),
    )


def grant(
    name: str, credits: int, user_id: str = "erin", workspace_id: str = "acme", operator_id: str = "olga"
) -> GrantCredits:
    return GrantCredits(
        workspace_id=workspace_id,
        operator_id=operator_id,
        grant_id=uuid_of(f"{workspace_id}/{name}"),
        user_id=user_id,
        credits=credits,
        reason="an outage",
    )


def correction(
    name: str,
    deed: CorrectingDeed,
    credits: int,
    user_id: str = "erin",
    workspace_id: str = "acme",
    operator_id: str = "olga",
) -> CorrectCredits:
    return CorrectCredits(
        workspace_id=workspace_id,
        operator_id=operator_id,
        correction_id=uuid_of(f"{workspace_id}/{name}"),
        user_id=user_id,
        deed=deed,
        credits=credits,
        reason="granted twice",
    )
