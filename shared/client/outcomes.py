"""How it may end: each refusal and each doubt has a type, and says what is known and what to do."""

from __future__ import annotations

from shared.contracts.holds import HoldRefused
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES, Reason


class CreditsError(Exception):
    """Whatever goes wrong with credits."""


class NotSent(CreditsError):
    """Kafka did not acknowledge the command. It may have arrived or not: repeat it under the same id."""


class OutcomeUnknown(CreditsError):
    """Kafka has the command, but no answer came in time: it will be decided, once. Repeat it under the same id to learn
    how; a hold that nobody captures ends by itself."""

    def __init__(self, command: str, hold_id: str, timeout_s: float) -> None:
        super().__init__(
            f"{command} of hold {hold_id} was sent and not answered within {timeout_s:g} s; it will be decided once, "
            "and sending it again under this id gives the same answer"
        )
        self.command, self.hold_id = command, hold_id


class Refused(CreditsError):
    """The ledger refused, for good; nothing was moved. `short_by` credits were missing, where that was the reason."""

    def __init__(self, refusal: HoldRefused) -> None:
        super().__init__(f"{refusal.command} of hold {refusal.hold_id} refused, {refusal.reason}: {refusal.detail}")
        self.command, self.hold_id = refusal.command, refusal.hold_id
        self.reason, self.detail = refusal.reason, refusal.detail
        self.needed, self.available, self.short_by = refusal.needed, refusal.available, refusal.short_by

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return REMEDIES[self.reason]


class InsufficientCredits(Refused):
    """The account has fewer credits than the hold asks for."""


class CreditsPaused(InsufficientCredits):
    """Bought credits would cover it, but are paused by plan, status or role."""


class HoldIsOver(Refused):
    """The hold was captured or released before, or has ended by itself."""


_TYPES: dict[Reason, type[Refused]] = {
    Reason.INSUFFICIENT_CREDITS: InsufficientCredits,
    Reason.CREDITS_PAUSED: CreditsPaused,
    Reason.HOLD_CAPTURED: HoldIsOver,
    Reason.HOLD_RELEASED: HoldIsOver,
    Reason.HOLD_EXPIRED: HoldIsOver,
}


def granted(answer: Message) -> Message:
    """The answer, unless it is a refusal: that is raised."""
    if isinstance(answer, HoldRefused):
        raise _TYPES.get(answer.reason, Refused)(answer)
    return answer
