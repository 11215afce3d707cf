"""Live traffic at a steady rate, and how long each message took until its effect stood on a topic."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from services.cli.client import Client
from shared.contracts.catalog import HOLD_COMMANDS, LEDGER_ANSWERS, LEDGER_BALANCE, PRODUCT_USAGE
from shared.contracts.holds import HoldCredits
from shared.contracts.product import UsageReported
from shared.messaging.kafka import LogReader
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings

SOURCE = "/products/studio"
TICK_S = 0.02
PATIENCE_S = 120.0  # for the last effects after the last message


@dataclass
class Latencies:
    """Milliseconds from before a message is sent until a reader of the topics has its effect.

    Of usage that is the balance after it; of a hold its answer. Between them lie Kafka twice, the books and the outbox.
    """

    usage_ms: list[float] = field(default_factory=list)
    hold_ms: list[float] = field(default_factory=list)
    missing: int = 0


class Traffic:
    """One burning of a credit or one hold at a time, each of another account, `rate` a second in all.

    Every fifth is a hold. An account's turn comes again only after all others had theirs.
    """

    def __init__(self, kafka: KafkaSettings, accounts: Sequence[tuple[str, str]], rate: float) -> None:
        self._client = Client(kafka, SOURCE)
        self._reader = LogReader(kafka, [LEDGER_BALANCE.name, LEDGER_ANSWERS.name], from_beginning=False)
        self._accounts = accounts
        self._rate = rate
        self._begun: dict[str, tuple[str, float]] = {}
        self._over = threading.Event()
        self.used: set[tuple[str, str]] = set()

    def play(self, for_s: float) -> Latencies:
        """Blocks for so long, and until the last effect is seen."""
        latencies = Latencies()
        witness = threading.Thread(target=self._watch, args=(latencies,), daemon=True)
        witness.start()
        self._send(for_s)
        deadline = time.monotonic() + PATIENCE_S
        while self._begun and time.monotonic() < deadline:
            time.sleep(TICK_S)
        self._over.set()
        witness.join()
        latencies.missing = len(self._begun)
        self._reader.close()
        self._client.close()
        return latencies

    def _send(self, for_s: float) -> None:
        begin, sent = time.monotonic(), 0
        messages = self._messages()
        while (passed := time.monotonic() - begin) < for_s:
            due = int(passed * self._rate) - sent
            if due:
                parcels = [next(messages) for _ in range(due)]
                now = time.monotonic()
                self._begun.update((event_id, (kind, now)) for event_id, kind, _ in parcels)
                self._client.deliver(parcel for _, _, parcel in parcels)
                sent += due
            time.sleep(TICK_S)

    def _messages(self) -> Iterator[tuple[str, str, Parcel]]:
        number = 0
        while True:
            workspace_id, user_id = account = self._accounts[number % len(self._accounts)]
            self.used.add(account)
            event_id = str(uuid4())
            if number % 5 == 4:
                hold = HoldCredits(
                    workspace_id=workspace_id, user_id=user_id, hold_id=event_id, credits=1, expires_in_s=3_600
                )
                yield event_id, "hold", self._client.parcel(HOLD_COMMANDS, hold, event_id)
            else:
                usage = UsageReported(
                    workspace_id=workspace_id,
                    user_id=user_id,
                    usage_id=event_id,
                    credits=1,
                    occurred_at=datetime.now(UTC),
                )
                yield event_id, "usage", self._client.parcel(PRODUCT_USAGE, usage, event_id)
            number += 1

    def _watch(self, latencies: Latencies) -> None:
        """Most of what passes is of the sweep: only what names one of our messages is looked at closer."""
        while not self._over.is_set():
            for place, record in self._reader.poll(50):
                value = record.value or b""
                if b'"causationid"' not in value:
                    continue
                cause = json.loads(value).get("causationid")
                kind, begun = self._begun.get(cause, ("", 0.0))
                if (kind, place.topic) not in (("usage", LEDGER_BALANCE.name), ("hold", LEDGER_ANSWERS.name)):
                    continue
                if self._begun.pop(cause, None):
                    passed_ms = (time.monotonic() - begun) * 1000
                    (latencies.usage_ms if kind == "usage" else latencies.hold_ms).append(round(passed_ms, 1))
