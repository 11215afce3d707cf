"""The process of a service: `worker.main` with its sub-commands run, migrate and quarantine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from shared.messaging.service import Companion, Runtime, Service
from shared.messaging.settings import WorkerSettings

S = TypeVar("S", bound=WorkerSettings)

__all__ = ["Companion", "Runtime", "Service", "main"]


def main(
    service_factory: Callable[[S], Service[Any]], settings_class: type[S], argv: Sequence[str] | None = None
) -> int:
    """Run one command of a service; returns the exit code."""
    raise NotImplementedError
