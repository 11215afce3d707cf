"""Lets what was erased leave the log: `python -m deploy.kafka.erasure`, daily, as Kafka's super user.

Kafka compacts no segment that is still written to, and closes one, also for `max.compaction.lag.ms`, only when the next
message comes (measured on 4.3: with a lag of 2 s an erased value stood for as long as its partition was quiet, and was
gone within 10 s of one more message). So each partition of the topics that bound their compaction gets a message: the
tombstone of a key that names nobody, which those who read it pass over.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from shared.contracts.catalog import TOPICS
from shared.contracts.topics import Topic
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.kafka import Publisher, bounds_of
from shared.messaging.log import KafkaProblem, Parcel, Place
from shared.messaging.settings import EXIT_CODE, ClientSettings, KafkaSettings, load_settings

BOUNDED = tuple(topic for topic in TOPICS if topic.max_compaction_lag_hours is not None)
AT_A_TIME = 50  # keys; one round reaches all of twelve partitions nearly always
MOST_ROUNDS = 20  # beyond it something is wrong with the partitions, not with the luck


def key_of(number: int) -> bytes:
    """A key that no person has: ids hold no slash. Always the same ones, so that compaction leaves few."""
    return f"erasure/{number}".encode()


def push(kafka: KafkaSettings, topic: Topic) -> int:
    """Write to every partition of a topic; returns how many there are. Raises KafkaProblem, Weather."""
    before = _ends(kafka, topic)
    publisher = Publisher(kafka, "erasure")
    try:
        for first in range(0, MOST_ROUNDS * AT_A_TIME, AT_A_TIME):
            sent = publisher.send([Parcel(topic, key_of(number), None) for number in range(first, first + AT_A_TIME)])
            if sent.error:
                raise KafkaProblem(f"{topic.name}: {sent.error}")
            after = _ends(kafka, topic)
            if all(after[place] > end for place, end in before.items()):
                return len(before)
    finally:
        publisher.discard()
    raise KafkaProblem(f"{topic.name}: not every partition was reached")


def _ends(kafka: KafkaSettings, topic: Topic) -> Mapping[Place, int]:
    return {place: end for place, (_, end) in bounds_of(kafka, [topic.name]).items()}


def main() -> int:
    """Push every topic that bounds its compaction; 0 when all were reached, 1 when not, 78 for wrong settings."""
    try:
        kafka = load_settings(ClientSettings).kafka()
        for topic in BOUNDED:
            print(f"{topic.name}: {push(kafka, topic)} partitions")
    except SettingsProblem as error:
        print(error, file=sys.stderr)
        return EXIT_CODE
    except (KafkaProblem, Weather) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
