"""Credits for programs on asyncio: the same line, awaited."""

from __future__ import annotations

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog

from shared.client.line import Line
from shared.client.order import PATIENCE_S, Order
from shared.client.outcomes import CreditsError, HoldIsOver, OutcomeUnknown, granted
from shared.client.synchronous import Credits
from shared.contracts.catalog import HOLD_COMMANDS
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.holds import DEFAULT_EXPIRY_S, HoldCaptured, HoldPlaced, HoldReleased
from shared.contracts.message import Message
from shared.messaging.settings import ClientSettings, KafkaSettings, load_settings

log = structlog.get_logger()


class AsyncCredits:
    """As `Credits`; nothing here blocks the event loop. Made by `await AsyncCredits.connect(...)`."""

    def __init__(self, credits: Credits) -> None:
        self._credits = credits

    @classmethod
    async def connect(cls, kafka: KafkaSettings, source: str) -> Self:
        """Reach Kafka."""
        return cls(await asyncio.to_thread(Credits, kafka, source))

    @classmethod
    async def from_environment(cls, source: str) -> Self:
        """Where Kafka is stands in REFILL_KAFKA_BOOTSTRAP and its sisters. Raises `SettingsProblem`."""
        return await cls.connect(load_settings(ClientSettings).kafka(), source)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    def hold(
        self,
        account: str,
        credits: int | None = None,
        *,
        action: str | None = None,
        quantity: int | None = None,
        expires_in_s: int = DEFAULT_EXPIRY_S,
        hold_id: str | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> AsyncHold:
        """A hold for one piece of work; `async with` places it. What is not captured inside is given back."""
        what = {} if hold_id is None else {"hold_id": hold_id}
        order = Order(account, credits, action, quantity, expires_in_s, timeout_s=timeout_s, **what)
        return AsyncHold(self._credits.line, order)

    async def usage(
        self,
        account: str,
        credits: int | None = None,
        *,
        action: str | None = None,
        quantity: int | None = None,
        usage_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> str:
        """As `Credits.usage`."""
        return await asyncio.to_thread(
            self._credits.usage,
            account,
            credits,
            action=action,
            quantity=quantity,
            usage_id=usage_id,
            occurred_at=occurred_at,
        )

    async def reverse(self, account: str, usage_id: str) -> None:
        """As `Credits.reverse`."""
        await asyncio.to_thread(self._credits.reverse, account, usage_id)

    async def balance(self, account: str, timeout_s: float = PATIENCE_S) -> BalanceChanged | None:
        """As `Credits.balance`."""
        return await asyncio.to_thread(self._credits.balance, account, timeout_s)

    async def close(self) -> None:
        """Let go of Kafka."""
        await asyncio.to_thread(self._credits.close)


class AsyncHold:
    """As `Hold`, awaited."""

    def __init__(self, line: Line, order: Order) -> None:
        self._line = line
        self._order = order
        self.placed: HoldPlaced | None = None
        self.captured: HoldCaptured | None = None
        self.released: HoldReleased | None = None
        self._in_doubt = False

    @property
    def hold_id(self) -> str:
        """The id under which everything about it may be repeated."""
        return self._order.hold_id

    async def __aenter__(self) -> Self:
        await self.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Give back what was not captured, also when the task is cancelled."""
        if self.captured or self.released or self._in_doubt:
            return
        try:
            await asyncio.shield(self.release())
        except HoldIsOver:
            return
        except CreditsError as trouble:  # it ends by itself; what failed inside is the better news
            log.warning("client.not_released", hold_id=self.hold_id, error=str(trouble))

    async def begin(self) -> HoldPlaced:
        """As `Hold.begin`."""
        answer = await self._ask("hold", self._order.begin())
        assert isinstance(answer, HoldPlaced), answer
        self.placed = answer
        return answer

    async def capture(self, credits: int | None = None, *, quantity: int | None = None) -> HoldCaptured:
        """As `Hold.capture`."""
        command = self._order.capture(credits, quantity)
        self._in_doubt = True
        answer = await self._ask("capture", command)
        assert isinstance(answer, HoldCaptured), answer
        self.captured = answer
        return answer

    async def release(self) -> HoldReleased:
        """As `Hold.release`."""
        answer = await self._ask("release", self._order.release())
        assert isinstance(answer, HoldReleased), answer
        self.released = answer
        return answer

    async def _ask(self, what: str, command: Message) -> Message:
        event_id, answer = await asyncio.to_thread(self._line.ask, HOLD_COMMANDS, command)
        try:
            decided = await asyncio.wait_for(asyncio.wrap_future(answer), self._order.timeout_s)
        except TimeoutError:
            raise OutcomeUnknown(what, self.hold_id, self._order.timeout_s) from None
        finally:
            self._line.forget(event_id)
        if what == "capture":
            self._in_doubt = False
        return granted(decided)
