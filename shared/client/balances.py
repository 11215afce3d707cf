"""A copy of all balances, from the compacted topic: read once, kept up to date, asked without a network."""

from __future__ import annotations

import threading

from shared.client.line import Listener
from shared.client.outcomes import CreditsError
from shared.contracts.catalog import LEDGER_BALANCE
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.decode import Decoded
from shared.messaging.settings import KafkaSettings


class Balances:
    """The latest balance of every account. Begun with the first question."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._latest: dict[str, BalanceChanged] = {}
        self._beginning = threading.Lock()
        self._listener: Listener | None = None

    def of(self, account: str, timeout_s: float) -> BalanceChanged | None:
        """The balance last published, None where none ever was. Raises `CreditsError` when the copy is not whole in
        time."""
        with self._beginning:
            if self._listener is None:
                self._listener = Listener(
                    self._kafka, LEDGER_BALANCE, self._hear, lambda failure: None, from_beginning=True
                )
        if not self._listener.caught_up.wait(timeout_s):
            raise CreditsError(f"the balances were not read to their end within {timeout_s:g} s")
        if self._listener.failure:
            raise CreditsError(f"balances cannot be read any more: {self._listener.failure}")
        return self._latest.get(account)

    def close(self) -> None:
        """Stop reading."""
        if self._listener is not None:
            self._listener.close()

    def _hear(self, event: Decoded) -> None:
        balance = event.message
        if isinstance(balance, BalanceChanged):
            known = self._latest.get(balance.key())
            if known is None or balance.version > known.version:
                self._latest[balance.key()] = balance
