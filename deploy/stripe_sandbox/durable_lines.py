"""A file of JSON lines to which lines are only added, each batch on the disk before `append` returns."""

import json
import os
from pathlib import Path
from typing import IO

from deploy.stripe_sandbox.values import JsonObject


class DurableLines:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._drop_torn_line()
        self._file: IO[bytes] = path.open("ab")

    def _drop_torn_line(self) -> None:
        """A line without its end was being written when the process died: no reply ever depended on it."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            content = file.read()
            file.truncate(content.rfind(b"\n") + 1)

    def read(self) -> list[JsonObject]:
        with self.path.open("rb") as file:
            return [json.loads(line) for line in file]

    def append(self, rows: list[JsonObject]) -> None:
        self._file.write(b"".join(json.dumps(row, separators=(",", ":")).encode() + b"\n" for row in rows))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
