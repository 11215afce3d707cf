"""The sandbox's clock: real time plus an offset that a test may set.

Keys are pruned and objects dated by it. Webhook signatures are not: a receiver compares them with real time
(stripe/_webhook.py, `WebhookSignature.verify_header`).
"""

import time


class Clock:
    def __init__(self, offset_s: int = 0) -> None:
        self.offset_s = offset_s

    def now(self) -> int:
        """Seconds since the epoch, as every `created` field of Stripe is."""
        return int(time.time()) + self.offset_s

    def advance(self, seconds: int) -> None:
        self.offset_s += seconds

    def set(self, epoch_s: int) -> None:
        self.offset_s = epoch_s - int(time.time())
