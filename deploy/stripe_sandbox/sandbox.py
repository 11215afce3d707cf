"""The one place where the parts meet."""

from pathlib import Path

from deploy.stripe_sandbox.clock import Clock
from deploy.stripe_sandbox.exchange import Exchange
from deploy.stripe_sandbox.faults import Faults
from deploy.stripe_sandbox.journal import Journal
from deploy.stripe_sandbox.objects.setting import Setting
from deploy.stripe_sandbox.store import Store
from deploy.stripe_sandbox.three_d_secure import ThreeDSecurePage
from deploy.stripe_sandbox.values import whole
from deploy.stripe_sandbox.webhooks import Webhooks

CLOCK = "clock"


class Sandbox:
    """journal: the file of money; state_dir: where the rest is kept, beside the journal when not given."""

    def __init__(self, journal: Path, state_dir: Path | None = None) -> None:
        state = (state_dir or journal.parent) / f"{journal.stem}.state.jsonl"
        self.clock = Clock()
        self.store = Store(state, Journal(journal))
        saved = self.store.begin(0).find(Setting, CLOCK)
        if saved is not None:
            self.clock.offset_s = whole(saved.value, "offset_s") or 0
        self.faults = Faults()
        self.exchange = Exchange(self.store, self.clock, self.faults)
        self.webhooks = Webhooks(self.store, self.clock)
        self.page = ThreeDSecurePage(self.store, self.clock)

    def keep_clock(self) -> None:
        """The clock stays set over a restart."""
        with self.store.lock:
            transaction = self.store.begin(self.clock.now())
            transaction.put(Setting(id=CLOCK, created=transaction.now, value={"offset_s": self.clock.offset_s}))
            self.store.commit(transaction)

    def close(self) -> None:
        self.faults.clear()
        self.webhooks.stop()
        with self.store.lock:
            self.store.close()
