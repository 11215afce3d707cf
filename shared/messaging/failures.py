"""Three failures, three fates: a business answer is published, weather is retried, a bug stops the worker."""

from __future__ import annotations


class Weather(Exception):
    """A dependency is away or busy. Retried in place with back-off; never dead-lettered, never a reason to stop."""


class Bug(Exception):
    """A handler failed on one message that it should have managed. The worker stops and names the place."""

    def __init__(self, topic: str, partition: int, offset: int, message_id: str, cause: str) -> None:
        super().__init__(
            f"cannot handle {topic}[{partition}]@{offset} (id {message_id}): {cause}. Mend the handler and restart, "
            f"or set the message aside with `refill quarantine {topic} {partition} {offset} --reason ...`"
        )
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.message_id = message_id


class SettingsProblem(Exception):
    """Settings that cannot work, all of them at once."""


class Unfit(Exception):
    """Something a worker needs is not as it must be, and no waiting mends it: every sentence about it at once."""


class Unavailable(Exception):
    """Something a worker needs did not come within its patience: every sentence about it at once."""
