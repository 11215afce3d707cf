"""A client of the topics like any other: sends messages, and waits for the events that answer them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, islice
from uuid import uuid4

from services.cli.listening import Event, Listening
from shared.client.opening import opening
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.kafka import Publisher, bounds_of
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings

SOURCE = "/refill/cli"
MAX_IN_FLIGHT = 2_000  # the Kafka client has no bound of its own on what it holds in memory


class NotSent(Exception):
    """Kafka did not acknowledge: the message may have arrived or not. Sending it again under the same ids is safe."""


class Client:
    """Sends as `source`. Not for several threads at once.

    It reads as `kafka` says. It writes a topic as the party whose topic it is to write, where `writers` knows that
    party, and as `kafka` says otherwise.
    """

    def __init__(
        self, kafka: KafkaSettings, source: str = SOURCE, *, writers: Mapping[str, KafkaSettings] | None = None
    ) -> None:
        self.kafka = kafka
        self._source = source
        self._writers = writers or {}
        self._publishers: dict[str, Publisher] = {}

    def send(self, topic: Topic, message: Message, *, event_id: str | None = None) -> str:
        """Send one message and wait for Kafka's acknowledgement.

        Returns its event id, which is the correlation id of everything that follows from it. Raises `NotSent`.
        """
        event_id = event_id or str(uuid4())
        self.deliver([self.parcel(topic, message, event_id)])
        return event_id

    def send_many(self, topic: Topic, messages: Iterable[Message]) -> int:
        """Send messages in order; returns how many. Raises `NotSent`."""
        return self.deliver(self.parcel(topic, message, str(uuid4())) for message in messages)

    def parcel(self, topic: Topic, message: Message, event_id: str) -> Parcel:
        """The message as a whole event under its own key."""
        return opening(self._source, topic, message, event_id)

    def deliver(self, parcels: Iterable[Parcel]) -> int:
        """Send parcels in order, some thousands at a time; returns how many. Raises `NotSent`."""
        delivered = 0
        for party, of_party in groupby(parcels, key=lambda parcel: parcel.topic.producers[0]):
            while chunk := list(islice(of_party, MAX_IN_FLIGHT)):
                sent = self._publisher_of(party).send(chunk)
                delivered += len(sent.acknowledged)
                if sent.error:
                    raise NotSent(f"{len(chunk) - len(sent.acknowledged)} messages were not acknowledged: {sent.error}")
        return delivered

    def ask(
        self,
        topic: Topic,
        command: Message,
        *,
        answers_on: Sequence[Topic],
        final: Callable[[Event], bool],
        timeout_s: float,
        also_ours: Callable[[Event], bool] = lambda _: False,
        passing: Callable[[Event], None] = lambda _: None,
    ) -> Event:
        """Send a command and wait for its final answer among the events with its correlation id.

        `also_ours` adds events that an earlier command caused: of the same purchase, for instance.
        The ends of the answers' topics are taken before it is sent: no answer is missed. Raises `NotSent`, `NoAnswer`.
        """
        with self.listen(answers_on) as listening:
            sent = self.send(topic, command)

            def ours(event: Event) -> bool:
                return event.envelope.correlation_id == sent or also_ours(event)

            return listening.until(
                lambda event: ours(event) and final(event),
                timeout_s,
                passing=lambda event: passing(event) if ours(event) else None,
            )

    def listen(self, topics: Sequence[Topic]) -> Listening:
        """Hear what is published on these topics from now on."""
        return Listening(self.kafka, topics)

    def ends(self, topic: Topic) -> dict[int, int]:
        """The offset after the last message of each partition, now."""
        bounds = bounds_of(self._settings_of(topic.producers[0]), [topic.name])
        return {place.partition: end for place, (_, end) in bounds.items()}

    def close(self) -> None:
        """Let go of the connection. Everything sent has been acknowledged."""
        for publisher in self._publishers.values():
            publisher.discard()

    def _publisher_of(self, party: str) -> Publisher:
        if party not in self._publishers:
            self._publishers[party] = Publisher(self._settings_of(party), "refill-cli")
        return self._publishers[party]

    def _settings_of(self, party: str) -> KafkaSettings:
        return self._writers.get(party, self.kafka)
