"""Sending: in order, with every acknowledgement looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from kafka import KafkaProducer
from kafka.producer.future import FutureRecordMetadata

from shared.messaging.kafka.connection import SHUTDOWN_MS, connection, kafka_errors
from shared.messaging.log import Parcel, Sent
from shared.messaging.settings import KafkaSettings

LIVENESS_CHECK_S = 0.5  # between looks at whether a sender may still send

# What the broker will refuse again. Anything else, a producer's lost sequence included, passes with a new producer.
REFUSALS = (
    kafka_errors.AuthorizationError,
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.InvalidTimestampError,
    kafka_errors.InvalidRecordError,
    kafka_errors.InvalidTopicError,
)


class Publisher:
    """Sends parcels and says which were acknowledged. One thread at a time.

    A record that the broker rejects poisons an idempotent producer for every topic, and after a failure nobody knows
    what is still on its way: so any failure discards the producer with all it holds, and the next call builds one.
    """

    def __init__(self, settings: KafkaSettings, client: str) -> None:
        self._settings, self._client = settings, client
        self._producer: KafkaProducer | None = None

    def send(self, parcels: Sequence[Parcel], may_send: Callable[[], None] = lambda: None) -> Sent:
        """Send in order and wait for every acknowledgement.

        There is no bound inside the client on what is in flight: the caller bounds `parcels`. `may_send` is asked while
        waiting; when it raises, everything unsent is dropped. Raises KafkaProblem for a parcel that no broker takes.
        """
        for parcel in parcels:
            parcel.check()
        try:
            sent = self._send(parcels, may_send)
        except BaseException:
            self.discard()
            raise
        if sent.error:
            self.discard()
        return sent

    def discard(self) -> None:
        """Drop the producer and whatever it has not sent, at once."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # `close(timeout=0)` raises while anything is unsent, and leaves the sender running (3.0.12): end it first.
        producer._sender.force_close()
        producer._sender.join(SHUTDOWN_MS / 1000)
        with suppress(kafka_errors.KafkaError):
            producer.close(timeout=0)

    def _send(self, parcels: Sequence[Parcel], may_send: Callable[[], None]) -> Sent:
        # Give up before the client's own time-out: it would drop one batch and go on with the next of that key.
        deadline = monotonic() + 0.8 * self._settings.delivery_timeout_ms / 1000
        acknowledged: list[int] = []
        futures: list[FutureRecordMetadata] = []
        failure: BaseException | None = None
        prefix = self._settings.prefix
        try:
            send = self._connected().send
            for p in parcels:
                futures.append(send(prefix + p.topic.name, p.value, p.key, headers=list(p.headers)))
        except kafka_errors.KafkaError as error:
            failure = error
        for index, future in enumerate(futures):
            while failure is None and not future.is_done and monotonic() < deadline:
                with suppress(kafka_errors.KafkaError):
                    future.get(timeout=min(LIVENESS_CHECK_S, max(0.0, deadline - monotonic())))
                if not future.is_done:
                    may_send()
            if future.is_done and future.succeeded():
                acknowledged.append(index)
            elif failure is None:
                failure = future.exception if future.is_done else TimeoutError("no acknowledgement in time")
        if failure is None:
            return Sent(acknowledged)
        passes = not isinstance(failure, REFUSALS)
        return Sent(acknowledged, f"{type(failure).__name__}: {failure}", passes, len(acknowledged) < len(futures))

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            delivery_ms = self._settings.delivery_timeout_ms
            self._producer = KafkaProducer(
                **connection(self._settings, self._client),
                acks="all",
                enable_idempotence=True,  # a retried request is written once, and one batch per partition is under way
                delivery_timeout_ms=delivery_ms,
                request_timeout_ms=delivery_ms // 2,  # one retry of a request lost on the way still fits
                max_block_ms=min(5_000, delivery_ms // 2),  # a missing topic blocks send() for 60 s by default
                linger_ms=0,  # 0.9 ms to the acknowledgement; a burst goes in batches while its first is under way
                batch_size=131_072,  # fewer requests under load; with linger 0 it costs a single message nothing
                max_request_size=5 * 1_048_576,  # a dead letter of 4 MiB fits
                compression_type=None,  # readers in any language, without their having our codecs
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        return self._producer
