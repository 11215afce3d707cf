"""A worker put together: which threads a service's tables become, in which order they start and end."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import psycopg
import structlog

from shared.messaging import outbox
from shared.messaging.alarms import AlarmClock
from shared.messaging.clock import Clock
from shared.messaging.coldstart import Gate
from shared.messaging.consumer import LaneConsumer
from shared.messaging.crew import Crew, Failure
from shared.messaging.desk import Desk
from shared.messaging.errands import Errands
from shared.messaging.figures import Figures, OutboxGauge, Readings
from shared.messaging.health import HealthFile, Signs, Watch
from shared.messaging.kafka import Publisher
from shared.messaging.patience import Stopped, patiently
from shared.messaging.preconditions import KafkaLook, PostgresLook
from shared.messaging.pulse import Pulse
from shared.messaging.readiness import wait_until_fit
from shared.messaging.relay import Relay
from shared.messaging.service import Companion, Runtime, Service
from shared.messaging.settings import WorkerSettings, environment_name
from shared.messaging.work import Outgoing
from shared.postgres.pool import Database

log = structlog.get_logger()


class Worker:
    """The process of one service, from waiting for its dependencies to the last commit."""

    def __init__(self, service: Service[Any], settings: WorkerSettings, clock: Clock, crew: Crew) -> None:
        self._service = service
        self._settings = settings
        self._clock = clock
        self._crew = crew
        self._url = settings.database_url.get_secret_value()
        self._database = Database(self._url, f"refill-{service.name}", service.schema)
        self._closing = threading.Event()
        self._health = HealthFile(settings.ready_file)
        self._desk: Desk[Any] = Desk(
            self._database, service.repository, self._publish, clock, crew.stopping, self._closing
        )
        self._lanes: list[LaneConsumer[Any]] = []
        self._companions: list[Companion] = []

    def run(self) -> Failure | None:
        """Work until told to stop or until a part cannot go on; returns what failed, None after an orderly stop.

        Raises `Unfit` or `Unavailable` when it cannot start: then nothing was consumed or changed.
        """
        self._health.bad(["it is starting"])
        try:
            self._wait_for_dependencies()
        except Stopped:
            self._health.remove()
            return None
        except BaseException:
            self._health.remove()
            raise
        try:
            self._start()
        except Exception as error:
            self._crew.fail("start", error)
        self._crew.over.wait()
        self._stop()
        return self._crew.failure

    def _wait_for_dependencies(self) -> None:
        settings, stopping = self._settings, self._crew.stopping
        variable = environment_name("database_url", type(settings).model_fields["database_url"])
        postgres = PostgresLook(self._service, self._url, variable, self._clock)
        kafka = KafkaLook(self._service, settings.kafka(), settings.topic_partitions)
        wait_until_fit([postgres.troubles, kafka.troubles], settings.start_patience_s, stopping, self._health.bad)
        patiently(self._desk.tell_stuck, stopping, "look for stuck timers")

    def _start(self) -> None:
        """What others lean on comes first; what brings work in comes last."""
        crew, service, kafka = self._crew, self._service, self._settings.kafka()
        relay = Relay(service.name, service.schema, self._database, kafka, self._closing)
        crew.start("relay", relay.run, until=self._closing)
        crew.start("leases", self._desk.keeper.run, until=self._closing)
        crew.start("bell", self._desk.bell.run)
        gate = Gate(service.awaited(), self._database, kafka, crew.stopping)
        crew.start("gate", gate.run)
        for alarm in service.alarms:
            clock = AlarmClock(alarm, self._desk).run
            crew.start(f"alarm {alarm.kind}", gate.behind_it(clock) if alarm.after_cold_start else clock)
        for errand in service.errands:
            for number in range(errand.concurrency):
                errands = Errands(errand, self._desk).run
                who = f"errand {errand.kind} {number + 1}"
                crew.start(who, gate.behind_it(errands) if errand.after_cold_start else errands)
        for lane in service.lanes:
            consumer = LaneConsumer(
                service.name, lane, self._database, kafka, service.repository, self._clock, crew.stopping
            )
            self._lanes.append(consumer)
            crew.start(f"lane {lane.name}", consumer.run)
        runtime = Runtime(service, self._database, self._clock, crew.stopping, crew.fail)
        for make in service.companions:
            companion = make(runtime)
            companion.start()
            self._companions.append(companion)
        pulse = Pulse(self._database, crew.stopping)
        crew.start("pulse", pulse.run)
        watch = Watch(self._health, lambda: self._signs(relay, pulse), crew.stopping)
        crew.start("health", watch.run)
        figures = Figures(
            service.name,
            lambda: self._readings(relay, pulse),
            OutboxGauge(self._database),
            Publisher(kafka, f"{service.name}.figures"),
            self._clock,
            crew.stopping,
            self._settings.figures_every_ms / 1000,
        )
        crew.start("figures", figures.run)

    def _signs(self, relay: Relay, pulse: Pulse) -> Signs:
        return Signs(tuple(lane.signs() for lane in self._lanes), pulse.signs(), relay.signs())

    def _readings(self, relay: Relay, pulse: Pulse) -> Readings:
        return Readings(self._signs(relay, pulse), tuple(lane.count() for lane in self._lanes), dict(relay.figures))

    def _stop(self) -> None:
        """Nothing new comes in, what is in hand is finished, then the relay says the rest: all within a bound."""
        log.info("worker.stopping", drain_timeout_s=self._settings.drain_timeout_s)
        self._health.remove()
        deadline = time.monotonic() + self._settings.drain_timeout_s
        for companion in self._companions:
            self._dismiss(companion)
        self._crew.stopping.set()
        self._desk.bell.ring()
        self._crew.join(deadline - time.monotonic(), until=self._crew.stopping)
        self._closing.set()
        left = self._crew.join(max(1.0, deadline - time.monotonic()))
        if left:
            # No failure: whatever they were at is not committed, and is taken up by the next worker as after a crash.
            log.warning("worker.left_undone", parts=left)
        self._database.close()
        self._health.remove()
        log.info("worker.stopped")

    def _dismiss(self, companion: Companion) -> None:
        try:
            companion.stop()
        except Exception as error:  # whatever it is, the others have to be stopped too
            self._crew.fail(type(companion).__name__, error)

    def _publish(self, connection: psycopg.Connection, outgoing: Sequence[Outgoing]) -> None:
        outbox.write(connection, self._service.name, outgoing, self._clock.now())
