"""Of a sending that failed in part, nothing counts as published that stands behind a failure of its own key."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.log import Sent
from shared.messaging.relay import Row, _in_order


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=60))
def test_no_row_is_done_before_an_earlier_one_of_its_key(rows: list[tuple[int, bool]]) -> None:
    outbox = [Row(number, "topic", f"key{key}", UUID(int=number), b"") for number, (key, _) in enumerate(rows)]
    sent = Sent([number for number, (_, acknowledged) in enumerate(rows) if acknowledged], "broken")

    done = _in_order(outbox, sent)

    for number in done:
        key, acknowledged = rows[number]
        assert acknowledged
        assert all(other in done for other in range(number) if rows[other][0] == key)


def test_all_acknowledged_are_done() -> None:
    rows = [Row(number, "topic", "key", UUID(int=number), b"") for number in range(3)]

    assert _in_order(rows, Sent([0, 1, 2])) == [0, 1, 2]
