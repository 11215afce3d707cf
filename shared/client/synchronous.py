"""Credits for programs that wait."""

from __future__ import annotations

from concurrent.futures import TimeoutError as NoAnswer
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog

from shared.client.balances import Balances
from shared.client.line import Line
from shared.client.order import PATIENCE_S, Order, reversal_of, usage_of
from shared.client.outcomes import CreditsError, HoldIsOver, OutcomeUnknown, granted
from shared.contracts.catalog import HOLD_COMMANDS, PRODUCT_USAGE
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.holds import DEFAULT_EXPIRY_S, HoldCaptured, HoldPlaced, HoldReleased
from shared.contracts.message import Message
from shared.messaging.settings import ClientSettings, KafkaSettings, load_settings

log = structlog.get_logger()


class Credits:
    """One per process, as `source`: the product's own name, which its holds and usages belong to for ever."""

    def __init__(self, kafka: KafkaSettings, source: str) -> None:
        self.line = Line(kafka, source)
        self.balances = Balances(kafka)

    @classmethod
    def from_environment(cls, source: str) -> Self:
        """Where Kafka is stands in REFILL_KAFKA_BOOTSTRAP and its sisters. Raises `SettingsProblem`."""
        return cls(load_settings(ClientSettings).kafka(), source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

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
    ) -> Hold:
        """A hold for one piece of work; `with` places it. What is not captured inside is given back."""
        what = {} if hold_id is None else {"hold_id": hold_id}
        order = Order(account, credits, action, quantity, expires_in_s, timeout_s=timeout_s, **what)
        return Hold(self.line, order)

    def usage(
        self,
        account: str,
        credits: int | None = None,
        *,
        action: str | None = None,
        quantity: int | None = None,
        usage_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> str:
        """Report work that was done without a hold; returns its id once Kafka has it. Raises `NotSent`.

        It burns once per id, however often it is sent. A refusal comes on `credit-ledger.answers.v1` later.
        """
        report = usage_of(account, credits, action, quantity, usage_id, occurred_at)
        self.line.send(PRODUCT_USAGE, report)
        return report.usage_id

    def reverse(self, account: str, usage_id: str) -> None:
        """Take a usage of this source back, whole; again it changes nothing. Raises `NotSent`."""
        self.line.send(PRODUCT_USAGE, reversal_of(account, usage_id))

    def balance(self, account: str, timeout_s: float = PATIENCE_S) -> BalanceChanged | None:
        """The balance last published, from this process's own copy; None where none ever was."""
        return self.balances.of(account, timeout_s)

    def close(self) -> None:
        """Let go of Kafka."""
        self.line.close()
        self.balances.close()


class Hold:
    """One hold, from `begin` to its end. A context manager."""

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

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Give back what was not captured. A capture whose outcome is unknown stands: the ledger will decide it."""
        if self.captured or self.released or self._in_doubt:
            return
        try:
            self.release()
        except HoldIsOver:
            return
        except CreditsError as trouble:  # it ends by itself; what failed inside is the better news
            log.warning("client.not_released", hold_id=self.hold_id, error=str(trouble))

    def begin(self) -> HoldPlaced:
        """Place it. Raises `InsufficientCredits` and other `Refused`, `NotSent`, `OutcomeUnknown`."""
        answer = self._ask("hold", self._order.begin())
        assert isinstance(answer, HoldPlaced), answer
        self.placed = answer
        return answer

    def capture(self, credits: int | None = None, *, quantity: int | None = None) -> HoldCaptured:
        """Burn so much of it, at most what is held; the rest goes back. The same again is the same answer.

        Raises `HoldIsOver` and other `Refused`; after `NotSent` or `OutcomeUnknown` call it again with the same amount.
        """
        command = self._order.capture(credits, quantity)
        self._in_doubt = True
        answer = self._ask("capture", command)
        assert isinstance(answer, HoldCaptured), answer
        self.captured = answer
        return answer

    def release(self) -> HoldReleased:
        """Give all of it back."""
        answer = self._ask("release", self._order.release())
        assert isinstance(answer, HoldReleased), answer
        self.released = answer
        return answer

    def _ask(self, what: str, command: Message) -> Message:
        event_id, answer = self._line.ask(HOLD_COMMANDS, command)
        try:
            decided = answer.result(self._order.timeout_s)
        except NoAnswer:
            raise OutcomeUnknown(what, self.hold_id, self._order.timeout_s) from None
        finally:
            self._line.forget(event_id)
        if what == "capture":
            self._in_doubt = False
        return granted(decided)
