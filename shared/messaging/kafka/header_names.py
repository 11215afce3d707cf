"""Header names as they come: the protocol calls them strings, and nothing keeps a producer from writing other bytes."""

from __future__ import annotations

from typing import Any

from kafka.record.default_records import DefaultRecordBatch

_strict = DefaultRecordBatch._read_msg


class _Lenient(bytes):
    """Bytes that decode whatever they hold; their slices do so too."""

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 - as in bytes: an int or bytes
        found = super().__getitem__(index)
        return _Lenient(found) if isinstance(index, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")


def _read_msg(batch: Any) -> Any:  # noqa: ANN401 - kafka-python has no types
    try:
        return _strict(batch)
    except UnicodeDecodeError:
        # The batch's position moves only when a record has been read whole: read this one again.
        strict_buffer = batch._buffer
        batch._buffer = _Lenient(strict_buffer)
        try:
            return _strict(batch)
        finally:
            batch._buffer = strict_buffer


def tolerate_any_bytes() -> None:
    """Read a record whose header's name is not UTF-8, the odd bytes written as `\\xff`.

    kafka-python 3.0.12 calls the whole batch corrupt instead, on every poll anew: one such record would hold up its
    partition for ever.
    """
    DefaultRecordBatch._read_msg = _read_msg
