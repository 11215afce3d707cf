"""What every errand does with an answer before anything is recorded."""

from __future__ import annotations

from services.billing.domain.outcome import DECISIONS, Answer, Then
from shared.messaging.failures import SettingsProblem


def checked(answer: Answer) -> Answer:
    """The answer, unless no call of ours can work: then the worker stops and the payment stays where it is.

    Raises `SettingsProblem` on 401.
    """
    if DECISIONS[answer.outcome].then is Then.STOP:
        raise SettingsProblem(
            "the payment processor does not accept our key (401): set REFILL_STRIPE_API_KEY to a valid one. "
            "Nothing was charged; payments go on where they stand."
        )
    return answer
