"""Billing without its worker: handlers, alarms and errands on a real database, with the real gateway and the sandbox.

A test hands in messages and turns the clock; every step runs in transactions cut as the runtime cuts them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import psycopg

from deploy.stripe_sandbox.control import SandboxControl
from services.billing.app import service
from services.billing.endpoint.webhooks import store
from services.billing.handlers import ALARMS, HANDLERS
from services.billing.handlers.timers import CANCEL, CHARGE, DISPUTES, MIRROR, REFUND, SETTLE
from services.billing.reconcile import Reconciliation
from services.billing.repository import BillingRepository
from services.billing.repository.webhooks import WebhookEvent
from services.billing.settings import BillingSettings
from services.billing.stripe_gateway import StripeGateway
from shared.contracts.decode import Tombstone
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import CommandRefused
from shared.messaging import inbox
from shared.messaging.agenda import Agenda
from shared.messaging.service import Runtime
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Cause, Errand, Once, Outgoing, Park, Received, Work
from shared.postgres.pool import Database
from tests.integration.billing.messages import workspace

M = TypeVar("M", bound=Message)

ALARM_KINDS = {alarm.kind: alarm for alarm in ALARMS}


class KilledError(Exception):
    """A test's kill -9."""


@dataclass
class Till:
    """The parts, and everything billing has said so far."""

    database: Database
    sandbox: SandboxControl
    settings: BillingSettings
    superuser_url: str
    said: list[Outgoing] = field(default_factory=list)
    parked: list[Park] = field(default_factory=list)
    _ahead: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        self.errands: dict[str, Errand[BillingRepository, Any, Any]] = {
            errand.kind: errand for errand in service(self.settings).errands
        }
        self.alarms = {alarm.kind: alarm for alarm in service(self.settings).alarms}
        self.runtime = runtime = Runtime(service(self.settings), self.database, self, threading.Event(), self._failed)
        gateway = StripeGateway(self.settings.stripe_api_key.get_secret_value(), self.settings.stripe_api_base)
        self.reconciliation = Reconciliation(runtime, gateway, timedelta(days=1))
        self.list_payments()

    def now(self) -> datetime:
        """The clock that the test turns."""
        return datetime.now(UTC) + self._ahead

    def list_payments(self) -> bool:
        """What the worker does at start and in each new life of the database."""
        return self.reconciliation.list_payments()

    def restore_to_before_everything(self) -> None:
        """A backup from before any purchase, by dump and restore: rows are those of then, written anew."""
        with self.admin() as connection:
            connection.execute(
                "TRUNCATE mirrored_refund_lines, mirrored_refunds, dispute_lines, disputes, refund_lines, refunds,"
                " refund_proposals, payment_attempts, payments, purchase_lines, purchases, requests, timers,"
                " stripe_events, refused_purchases, refused_refunds, processor_payments CASCADE"
            )
        self.forget_the_listing()

    def forget_the_listing(self) -> None:
        """The same row, of another transaction: another life of the database."""
        with self.admin() as connection:
            connection.execute("UPDATE processor_listing SET single = single")

    def count_as_listed(self) -> None:
        """As if nothing had been lost, or the list had not shown it."""
        with self.admin() as connection:
            connection.execute("UPDATE processor_listing SET written_by = pg_current_xact_id()")

    def intent_of(self, purchase_id: str) -> str:
        """The intent of a purchase."""
        with self.transaction() as connection:
            query = "SELECT payment_intent_id FROM payments WHERE purchase_id = %s"
            row = connection.execute(query, (purchase_id,)).fetchone()
        assert row is not None
        intent: str = row[0]
        return intent

    def later(self, delay: timedelta) -> None:
        """Turn our clock and the processor's."""
        self._ahead += delay
        self.sandbox.clock(advance_s=int(delay.total_seconds()))

    def hand_in(
        self, *messages: Message | Tombstone, waited: bool = False, appended_at: datetime | None = None
    ) -> list[Outgoing]:
        """Handle messages one by one, each in its transaction; returns what was said. `waited`: no more parking."""
        return [outgoing for message in messages for outgoing in self._handle(message, waited, appended_at)]

    def redeliver(self, message: Message, cause: Cause) -> list[Outgoing]:
        """The same envelope once more: dropped by the inbox, or handled again, as the table of handlers says."""
        return self._handle(message, waited=False, appended_at=None, cause=cause)

    def turn(self, kind: str) -> list[Outgoing]:
        """Serve the due timers of one kind, and those that this leaves due at once: after a check its charge."""
        said: list[Outgoing] = []
        while refs := self.due(kind):
            for ref in refs:
                said += self._errand(kind, ref) if kind in self.errands else self._alarm(kind, [ref])
        self.said += said
        return said

    def turn_and_die(self, kind: str) -> None:
        """The process is killed after the errand's first transaction, before it calls anybody."""
        (ref,) = self.due(kind)
        with self._timed() as (_, work, _):
            self.errands[kind].prepare(ref, work)
        raise KilledError(kind)

    def begin_all_and_die(self, kind: str) -> None:
        """Every due errand of a kind is prepared, each by a process that is killed before it calls anybody."""
        for ref in self.due(kind):
            with self._timed() as (connection, work, _):
                if self.errands[kind].prepare(ref, work) is None:
                    self._drop(connection, kind, ref)

    def call_and_die(self, kind: str) -> None:
        """The process is killed after the errand's call, before anything of the answer is written."""
        (ref,) = self.due(kind)
        with self._timed() as (_, work, _):
            request = self.errands[kind].prepare(ref, work)
        self.errands[kind].perform(request)

    def settle_everything(self) -> None:
        """Serve whatever is due until nothing is."""
        for _ in range(50):
            every = (CHARGE, SETTLE, CANCEL, REFUND, DISPUTES, MIRROR, *ALARM_KINDS)
            kinds = [kind for kind in every if self.due(kind)]
            if not kinds:
                return
            for kind in kinds:
                self.turn(kind)
        raise AssertionError("there is always something due")

    def due(self, kind: str) -> list[str]:
        """The refs of due timers."""
        with self.transaction() as connection:
            rows = connection.execute(
                "SELECT ref FROM timers WHERE kind = %s AND due_at <= %s ORDER BY due_at", (kind, self.now())
            ).fetchall()
        return [ref for (ref,) in rows]

    def due_in(self, kind: str, ref: str) -> timedelta | None:
        """How long until this timer is due."""
        with self.transaction() as connection:
            row = connection.execute("SELECT due_at FROM timers WHERE kind = %s AND ref = %s", (kind, ref)).fetchone()
        return row[0] - self.now() if row else None

    def told(self, message: type[M]) -> list[M]:
        """Every message of one kind said so far."""
        return [outgoing.message for outgoing in self.said if isinstance(outgoing.message, message)]

    def reasons(self) -> list[Reason]:
        """Of every refusal so far."""
        return [refused.reason for refused in self.told(CommandRefused)]

    def save_method(self, method: str, version: int = 2) -> None:
        """The workspace's saved method from now on."""
        self.hand_in(workspace(version=version, payment_method_id=method))

    def wait_for_retry(self) -> None:
        """Until what was put off for a moment is due."""
        self.later(timedelta(seconds=10))

    def state(self, table: str, purchase_id: str) -> str:
        """The state of a purchase or payment."""
        with self.transaction() as connection:
            row = connection.execute(f"SELECT state FROM {table} WHERE purchase_id = %s", (purchase_id,)).fetchone()
        assert row is not None
        state: str = row[0]
        return state

    def state_of_refund(self, refund_id: str) -> str:
        """Where a refund stands."""
        with self.transaction() as connection:
            row = connection.execute("SELECT state FROM refunds WHERE refund_id = %s", (refund_id,)).fetchone()
        assert row is not None
        state: str = row[0]
        return state

    def hear_of_refund(self, refund_id: str) -> None:
        """As a webhook has it read."""
        with self._timed() as (_, work, _):
            work.timers.set(REFUND, refund_id, work.now)

    def hear(self, kind: str, intent: str | None, event_id: str | None = None) -> bool:
        """A verified webhook event about an intent, as it comes to the door."""
        event = WebhookEvent(event_id or f"evt_{uuid4().hex}", kind, self.now(), intent, None)
        return store(self.runtime, event)

    def charges(self) -> list[dict[str, Any]]:
        """What the processor's journal says was taken: the oracle."""
        return [dict(line) for line in self.sandbox.journal() if line["effect"] == "charge_succeeded"]

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """As the worker's role."""
        with self.database.transaction() as connection:
            yield connection

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """As the superuser: what no worker may do."""
        with psycopg.connect(self.superuser_url, options="-c search_path=billing") as connection:
            yield connection

    def _failed(self, who: str, error: BaseException) -> None:
        raise AssertionError(who) from error

    def _handle(
        self, message: Message | Tombstone, waited: bool, appended_at: datetime | None, cause: Cause | None = None
    ) -> list[Outgoing]:
        (reaction,) = [each for each in HANDLERS if each.message is type(message)][:1]
        cause = cause or Cause("/edge", str(uuid4()), f"talk-{uuid4()}")
        received = Received(
            message, cause, reaction.topic.name, 0, 0, 0, appended_at or self.now(), may_wait=not waited
        )
        with self.transaction() as connection:
            if reaction.once is Once.INBOX and not inbox.take_new(
                connection, [(reaction.topic.name, cause.source, cause.id)]
            ):
                return []
            work = Work(BillingRepository(connection), self.now(), PostgresTimers(connection))
            effects = list(reaction.handler([received], work))
        said = [effect for effect in effects if isinstance(effect, Outgoing)]
        self.said += said
        self.parked += [effect for effect in effects if isinstance(effect, Park)]
        return said

    def _errand(self, kind: str, ref: str) -> list[Outgoing]:
        errand = self.errands[kind]
        with self._timed() as (connection, work, _):
            request = errand.prepare(ref, work)
            if request is None:
                self._drop(connection, kind, ref)
        if request is None:
            return []
        answer = errand.perform(request)
        with self._timed() as (connection, work, said):
            said += errand.record(ref, request, answer, work)
            self._drop(connection, kind, ref)
        return said

    def _alarm(self, kind: str, refs: Sequence[str]) -> list[Outgoing]:
        with self._timed() as (connection, work, said):
            said += self.alarms[kind].handler(refs, work)
            for ref in refs:
                self._drop(connection, kind, ref)
        return said

    @contextmanager
    def _timed(self) -> Iterator[tuple[psycopg.Connection, Work[BillingRepository], list[Outgoing]]]:
        with self.transaction() as connection:
            agenda, said = Agenda(), list[Outgoing]()
            yield connection, Work(BillingRepository(connection), self.now(), agenda), said
            agenda.write(connection)

    def _drop(self, connection: psycopg.Connection, kind: str, ref: str) -> None:
        connection.execute("DELETE FROM timers WHERE kind = %s AND ref = %s", (kind, ref))
