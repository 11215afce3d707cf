"""Commands are decided one after another: each may change what the next one finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from services.billing.repository import BillingRepository
from shared.messaging.work import Effect, Handler, Received, Work

Decide = Callable[[Received[Any], Work[BillingRepository]], Iterable[Effect]]


def one_by_one(decide: Decide) -> Handler[BillingRepository]:
    """A handler of a whole run. Its workspaces are locked first, in the order of their ids."""

    def handle(messages: Sequence[Received[Any]], work: Work[BillingRepository]) -> Iterator[Effect]:
        work.repository.directory.lock(received.message.workspace_id for received in messages)
        for received in messages:
            yield from decide(received, work)

    return handle
