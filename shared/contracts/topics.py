"""What is said about a topic. The table of all of them is `catalog.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from shared.contracts.message import Message

Cleanup = Literal["delete", "compact"]
KeyRule = Literal["entity", "optional"]

HOURS_PER_DAY = 24

# The oldest backup that may be restored. A worker restored from it, or away as long, must still find in the log all
# that it has not seen: every event, and every deletion (Kafka drops tombstones after a day by default).
OLDEST_BACKUP_HOURS = 90 * HOURS_PER_DAY


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: who owns it, how it is keyed and kept, what goes over it and who reads it.

    `keyed_by` names the entity. `key_rule` is `entity` where the key must be the message's own key, `optional` where a
    producer may leave it out (it then only loses speed). `inbound` topics are written by others than our services:
    a type in no catalog is poison there, and the broker's append time is the clock of decisions. With `tombstones` a
    null value means that the entity named by the key is gone; elsewhere it is poison. `personal_data` must be erasable:
    nothing of such a message's content is kept anywhere else, not even in a dead letter.
    """

    name: str
    owner: str
    keyed_by: str
    messages: tuple[type[Message], ...]
    consumers: tuple[str, ...]
    producers: tuple[str, ...]
    summary: str
    cleanup: Cleanup = "delete"
    retention_hours: int = 14 * HOURS_PER_DAY
    partitions: int = 12
    key_rule: KeyRule = "entity"
    inbound: bool = False
    tombstones: bool = False
    batch_mode: bool = False
    max_message_bytes: int = 1_048_576
    max_compaction_lag_hours: int | None = None
    personal_data: bool = False
    _by_type: dict[str, type[Message]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_type", {message.type: message for message in self.messages})

    def broker_settings(self) -> dict[str, str]:
        """The topic's configuration as Kafka names it ("Topic Configs")."""
        settings = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime" if self.inbound else "CreateTime",
            # The broker unpacks what a producer packed: readers need no codecs, and what would burst is refused there.
            "compression.type": "uncompressed",
        }
        if self.cleanup == "delete":
            settings["retention.ms"] = str(self.retention_hours * 3_600_000)
        if self.tombstones:
            # Counted from the cleaner's first pass over it. A tombstone holds a key only, of contacts too.
            settings["delete.retention.ms"] = str(OLDEST_BACKUP_HOURS * 3_600_000)
        if self.max_compaction_lag_hours is not None:
            settings["max.compaction.lag.ms"] = str(self.max_compaction_lag_hours * 3_600_000)
        return settings

    def message_of(self, type_name: str) -> type[Message] | None:
        """The message class of a CloudEvents type, or None when this topic does not carry it."""
        return self._by_type.get(type_name)
