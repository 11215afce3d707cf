"""Publishes the outbox: one relay per service at a time, in commit-safe order, each row deleted after its own ack."""

from __future__ import annotations

import collections
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from time import monotonic
from typing import NamedTuple
from uuid import UUID

import psycopg
import structlog
from psycopg import sql

from shared.contracts.catalog import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE_HEADERS
from shared.messaging.borders import Border
from shared.messaging.crash_points import reach
from shared.messaging.health import NO_POST, RelaySigns
from shared.messaging.kafka import Publisher
from shared.messaging.log import KafkaProblem, Parcel, Sent
from shared.messaging.outbox import QUERIES
from shared.messaging.retry import IN_PLACE
from shared.messaging.settings import KafkaSettings
from shared.messaging.weather import is_weather
from shared.observability.errors import describe
from shared.postgres.pool import Database

# One sending: enough to fill requests on many partitions, little enough to send again and to hold in memory.
MAX_ROWS = 1_000
MAX_BYTES = 8 * 1_048_576
# A committed outbox row rings; should the ring be lost with a connection, this is how late the row goes out.
LOOK_EVERY_S = 1.0
STANDBY_EVERY_S = 0.5  # how soon a waiting relay notices that the active one has gone
DRAIN_S = 5.0  # at the end: what the lanes' last transactions have to say still goes out
MARGIN_S = 2.0  # after the delivery time-out: the time to discard a producer, and the clocks' difference
# An active relay speaks to the database at every turn, and may be silent while it connects to Kafka (10 s), discards a
# producer (2 s) or waits until nothing can land late. Silent for this much longer than that last wait, it is frozen:
# the server ends its session, and with it the lock, which no dead connection would ever give free.
SILENT_S = 8.0

log = structlog.get_logger(__name__)


class Row(NamedTuple):
    """A message of the outbox."""

    id: int
    topic: str
    key: str
    event_id: UUID
    value: bytes


class Relay:
    """A thread's target: `run` returns when `stopping` is set; raises `KafkaProblem` for what no waiting mends."""

    def __init__(
        self,
        service_name: str,
        schema: str,
        database: Database,
        kafka_settings: KafkaSettings,
        stopping: threading.Event,
    ) -> None:
        self._name = service_name
        self._channel = f"outbox_{schema}"
        self._database = database
        self._settings = kafka_settings
        self._stopping = stopping
        self._publisher = Publisher(kafka_settings, f"{service_name}.relay")
        self._acknowledged: list[int] = []
        self._failed = 0
        self._settled_at = 0.0  # by the monotonic clock: until then something given up may still reach the log
        self._post = NO_POST
        self._turned_at = self._quiet_until = monotonic()
        self._trouble: str | None = None
        self.figures: Counter[str] = Counter()
        """Rows published and sendings that failed: for metrics."""

    def signs(self) -> RelaySigns:
        """What tells whether this relay lives. Any thread may ask."""
        return RelaySigns(self._post, self._turned_at, self._quiet_until, self._trouble)

    def run(self) -> None:
        """Publish until told to stop. Whatever happens to the database's session, the producer does not outlive it."""
        failed = 0
        while not self._stopping.is_set():
            try:
                with closing(self._database.connect()) as connection:
                    connection.autocommit = True
                    failed = 0
                    self._serve(connection)
            except Exception as error:
                if not is_weather(error):
                    raise
                failed += 1
                self._trouble = describe(error)
                log.warning("relay.weather", service=self._name, error=self._trouble, failed=failed)
            finally:
                self._publisher.discard()
                self._acknowledged = []
            self._stopping.wait(IN_PLACE.delay_s(failed, self._name) if failed else 0)

    def _serve(self, connection: psycopg.Connection) -> None:
        """Wait to become the active one, then relay until the end of the worker or of the session."""
        while not self._leads(connection):
            self._at("standing by")
            if self._stopping.wait(STANDBY_EVERY_S):
                return
        connection.execute(QUERIES["end_if_silent"], {"ms": round(1000 * (self._late_for_s() + SILENT_S))})
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        reach(Border.RELAY_LEADING)
        if not self._wait_for_predecessor(connection):
            return
        log.info("relay.active", service=self._name)
        while not self._stopping.is_set():
            self._turn(connection)
        until = monotonic() + DRAIN_S
        while self._failed == 0 and monotonic() < until and self._turn(connection, waiting=False):
            pass
        self._end_well(connection)

    def _at(self, post: str, for_s: float = 0.0) -> None:
        """It lives, is at this post, and may give no other sign for so long."""
        self._post, self._trouble, self._turned_at = post, None, monotonic()
        self._quiet_until = self._turned_at + for_s

    def _leads(self, connection: psycopg.Connection) -> bool:
        row = connection.execute(QUERIES["try_relay_lock"]).fetchone()
        return row is not None and bool(row[0])

    def _wait_for_predecessor(self, connection: psycopg.Connection) -> bool:
        """A predecessor that did not close cleanly may have sent something that lands late: let its time run out."""
        row = connection.execute(QUERIES["read_lease"]).fetchone()
        if row is None or row[0] is None:
            return True
        self._at("waiting until nothing of its predecessor can land late")
        return self._wait(self._late_for_s() - float(row[0]))

    def _late_for_s(self) -> float:
        """How long after the start of a sending something of it may still reach the log."""
        return self._settings.delivery_timeout_ms / 1000 + MARGIN_S

    def _wait(self, seconds: float) -> bool:
        """Returns whether there is time to go on: False when the worker stops meanwhile."""
        if seconds > 0:
            self._quiet_until = monotonic() + seconds
            log.info("relay.waits", service=self._name, seconds=round(seconds, 1))
        return not (seconds > 0 and self._stopping.wait(seconds))

    def _turn(self, connection: psycopg.Connection, *, waiting: bool = True) -> bool:
        """Publish once; without anything to publish, wait for the bell. Returns whether there was anything."""
        rows = self._next(connection)
        if not rows:
            self._at("active")
            if waiting:
                collections.deque(connection.notifies(timeout=LOOK_EVERY_S, stop_after=1), maxlen=0)
            return False
        reach(Border.RELAY_MARKED)
        parcels = [Parcel(BY_NAME[r.topic], r.key.encode(), r.value, CONTENT_TYPE_HEADERS) for r in rows]
        began = monotonic()
        self._quiet_until = began + self._settings.delivery_timeout_ms / 1000
        sent = self._publisher.send(parcels, lambda: _still_there(connection))
        reach(Border.RELAY_SENT)
        self._acknowledged = _in_order(rows, sent)
        self.figures["published"] += len(self._acknowledged)
        if sent.error is None:
            self._at("active")
            self._failed = 0
            return True
        if not sent.passes:
            at = next(row for index, row in enumerate(rows) if index not in set(sent.acknowledged))
            raise KafkaProblem(
                f"the broker refuses outbox row {at.id} on {at.topic} (event {at.event_id}): {sent.error}"
            )
        self._failed += 1
        self.figures["failed"] += 1
        self._trouble = sent.error
        log.warning("relay.weather", service=self._name, error=sent.error, rows=len(rows), failed=self._failed)
        if sent.may_land:
            # Sent again at once, it could be overtaken by itself: the old copy would land behind a newer message.
            self._settled_at = began + self._late_for_s()
        self._wait(max(self._settled_at - monotonic(), IN_PLACE.delay_s(self._failed, self._name)))
        return True

    def _next(self, connection: psycopg.Connection) -> list[Row]:
        """Delete what has been acknowledged, read what comes next, and say whether something will be under way."""
        with connection.transaction():
            self._delete_acknowledged(connection)
            values = {"rows": MAX_ROWS, "bytes": MAX_BYTES}
            rows = [Row(*row) for row in connection.execute(QUERIES["read_outbox"], values).fetchall()]
            connection.execute(QUERIES["mark_sending" if rows else "mark_idle"])
        if self._acknowledged:
            reach(Border.RELAY_DELETED)
        self._acknowledged = []
        return rows

    def _end_well(self, connection: psycopg.Connection) -> None:
        """A successor need not wait when nothing is on its way any more."""
        self._publisher.discard()
        with connection.transaction():
            self._delete_acknowledged(connection)
            if monotonic() >= self._settled_at:
                connection.execute(QUERIES["mark_idle"])

    def _delete_acknowledged(self, connection: psycopg.Connection) -> None:
        if self._acknowledged:
            connection.execute(QUERIES["delete_published"], {"ids": self._acknowledged})


def _still_there(connection: psycopg.Connection) -> None:
    """Raises when the session, and with it the lock, is gone."""
    connection.execute(QUERIES["are_you_there"])


def _in_order(rows: Sequence[Row], sent: Sent) -> list[int]:
    """The acknowledged rows; but none behind a row of its own key that failed: that one must land before it."""
    acknowledged = set(sent.acknowledged)
    failed: set[tuple[str, str]] = set()
    done = []
    for index, row in enumerate(rows):
        if index not in acknowledged:
            failed.add((row.topic, row.key))
        elif (row.topic, row.key) not in failed:
            done.append(row.id)
    return done
