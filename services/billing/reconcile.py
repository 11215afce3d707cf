"""Knows what the processor was paid before any purchase is decided: so a restored backup adopts instead of refusing.

How a worker knows that its database was restored: it need not. The instant up to which the payments were listed stands
in the database, together with the life of the database in which it was written; in another life (restored, promoted,
merely restarted) purchases wait until the payments made since that instant have been listed once more.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Protocol

import psycopg
import structlog

from services.billing.domain.adoption import worth_adopting
from services.billing.domain.intent import Intent
from services.billing.domain.processor import PaymentsUnknown
from services.billing.domain.step import CLOCK_SLACK
from services.billing.handlers.calling import checked
from services.billing.handlers.reconciling import schedule
from services.billing.repository import BillingRepository
from services.billing.repository.processor_payments import Listing
from shared.contracts.catalog import TOP_UP_COMMANDS
from shared.messaging.service import Runtime
from shared.messaging.weather import is_weather
from shared.observability.errors import describe

# No purchase in the log is older than this, so no payment of one that may still come is.
FIRST_LISTING = timedelta(hours=TOP_UP_COMMANDS.retention_hours)
LIST_EVERY_S = 600.0  # keeps what a start has to list short: one page of the processor's
LOOK_EVERY_S = 1.0  # a database that was restored beneath a running worker is noticed so soon
LONGEST_WAIT_S = 30.0  # between two tries while the processor is away
# What is listed before its command is read again is adopted within the backlog's time; later a person must look.
EXPLAINED_WITHIN = timedelta(hours=1)
STOP_TIMEOUT_S = 2.0

log = structlog.get_logger()


class PaymentList(Protocol):
    """The processor's payments of all customers, made since then.

    Raises `PaymentsUnknown` when it does not tell.
    """

    def payments_since(self, since: datetime) -> Sequence[Intent]: ...


class Reconciliation:
    """A companion of the worker: lists at start, in every new life of the database, and now and then.

    It also sees to it that the clock has both books compared every so often, which an errand does.
    """

    def __init__(self, runtime: Runtime[BillingRepository], processor: PaymentList, every: timedelta) -> None:
        self._runtime = runtime
        self._processor = processor
        self._every = every
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reconciliation", daemon=True)

    def start(self) -> None:
        """Begin to list; purchases wait for it by themselves."""
        self._thread.start()

    def stop(self) -> None:
        """A listing under way is given up: nothing rests on it."""
        self._ending.set()
        self._thread.join(STOP_TIMEOUT_S)

    def read_listing(self) -> Listing:
        """Where the next listing begins, and in which life of the database."""
        with self._runtime.transaction() as work:
            return work.repository.processor_payments.listing()

    def list_payments(self, before: Listing | None = None) -> bool:
        """One listing. False when the database changed its life meanwhile, or another worker was faster.

        Raises `PaymentsUnknown`, `SettingsProblem` (401) and `psycopg.Error`.
        """
        before = before or self.read_listing()
        began = self._runtime.clock.now()
        since = (before.until or began - FIRST_LISTING) - CLOCK_SLACK
        try:
            intents = [intent for intent in self._processor.payments_since(since) if worth_adopting(intent)]
        except PaymentsUnknown as error:
            checked(error.answer)
            raise
        with self._runtime.transaction() as work:
            payments = work.repository.processor_payments
            news = payments.store(intents, began)
            noted = payments.note_listing(before, began)
            unexplained = payments.unexplained(began - EXPLAINED_WITHIN)
        if news:
            log.warning("payments_without_their_purchase", payments=news, since=since.isoformat())
        if unexplained:
            log.error("paid_and_never_bought_here", purchases=len(unexplained), purchase_ids=unexplained[:5])
        return noted

    def _run(self) -> None:
        try:
            self._watch()
        except BaseException as error:
            if not self._ending.is_set():
                self._runtime.fail("reconciliation", error)

    def set_clock(self) -> None:
        """The first comparison by the clock; where one is due already, nothing."""
        with self._runtime.transaction() as work:
            schedule(self._every, work)

    def _watch(self) -> None:
        list_at, failed, wait_s, listed = monotonic(), 0, 0.0, False
        while not self._ending.wait(wait_s):
            wait_s = LOOK_EVERY_S
            try:
                listed = self._is_listed()
                if listed and monotonic() < list_at:
                    continue
                if self.list_payments():
                    list_at, failed = monotonic() + LIST_EVERY_S, 0
                    log.info("payments_listed")
                    self.set_clock()
            except PaymentsUnknown as error:
                failed += 1
                wait_s = min(LOOK_EVERY_S * 2**failed, LONGEST_WAIT_S)
                reason, waiting = error.answer.outcome.value, not listed
                log.warning("payments_not_listed", reason=reason, retry_in_s=wait_s, purchases_wait=waiting)
            except psycopg.Error as error:
                if not is_weather(error):
                    raise
                log.warning("payments_not_listed", reason=describe(error))

    def _is_listed(self) -> bool:
        with self._runtime.transaction() as work:
            return work.repository.processor_payments.are_listed()
