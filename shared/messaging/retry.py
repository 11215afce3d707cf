"""How long to wait before the next attempt: exponential back-off with full jitter, pure of attempt and seed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

# Beyond this the doubling has long met any cap; a bigger exponent would only make a needlessly big number.
_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """Attempt n (from 1) waits between 0 and `first_s` * 2^(n-1) seconds, at most `cap_s`."""

    first_s: float
    cap_s: float

    def delay_s(self, attempt: int, seed: str) -> float:
        """The wait before the attempt after the `attempt`-th failed one.

        Full jitter spreads those who failed together over the whole span ("Exponential Backoff And Jitter", AWS
        Architecture Blog). The seed (an id) takes the place of chance: the same history waits the same on every replay.
        """
        ceiling = min(self.cap_s, self.first_s * 2.0 ** min(max(attempt, 1) - 1, _MAX_DOUBLINGS))
        digest = hashlib.sha256(f"{seed}:{attempt}".encode()).digest()
        return ceiling * int.from_bytes(digest[:8], "big") / 2**64


# While a database or broker is away nothing else can be done: look again soon, at least every 2 s.
IN_PLACE = Backoff(first_s=0.1, cap_s=2.0)
# Errands wait in their row, others go on meanwhile. A minute is the most that a mended dependency goes unnoticed.
BY_DUE_TIME = Backoff(first_s=0.5, cap_s=60.0)
