"""Every border of the road at which a process can die: the names that `CRASH_AT` takes. A test kills it at each."""

from __future__ import annotations

from enum import StrEnum


class Border(StrEnum):
    """In the order of the road. Between two neighbours either nothing has happened or all of it has."""

    LANE_PLACED = "lane.placed"  # partitions assigned, offsets read, nothing fetched yet
    LANE_POLLED = "lane.polled"  # records fetched, no transaction yet
    LANE_LOCKED = "lane.locked"  # in the transaction, the offset's row held
    LANE_HANDLED = "lane.handled"  # effects made, outgoing messages not written
    LANE_BEFORE_COMMIT = "lane.before-commit"  # all written, nothing committed
    LANE_AFTER_COMMIT = "lane.after-commit"  # committed, and nobody here knows yet
    PARKED_BEFORE_COMMIT = "parked.before-commit"
    PARKED_AFTER_COMMIT = "parked.after-commit"
    RELAY_LEADING = "relay.leading"  # the lock is held, nothing read
    RELAY_MARKED = "relay.marked"  # marked as sending, nothing sent
    RELAY_SENT = "relay.sent"  # acknowledged by the broker, rows still there
    RELAY_DELETED = "relay.deleted"  # rows gone, in a committed transaction


BORDERS: tuple[Border, ...] = tuple(Border)
