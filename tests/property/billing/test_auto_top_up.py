"""Whatever happens to an account, in any order and however often: one purchase at once, within the cap (B14)."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from services.billing.handlers.timers import AUTO_TOP_UP, CHARGE, SETTLE
from shared.contracts.message import Message
from shared.contracts.top_up_events import PurchaseAccepted, PurchaseCancelled, PurchasePaid
from tests.integration.billing.messages import workspace
from tests.integration.billing.test_auto_top_up import balance, known_from, stop, wish
from tests.integration.billing.till import Till

CAP_MINOR = 4_500
METHODS = ("pm_good", "pm_bad", "pm_slow", "pm_3ds")


class Ledger:
    """The account as the ledger keeps it: what it says comes late, doubled and in any order."""

    def __init__(self, chance: random.Random) -> None:
        self.usable, self.version, self.chance = 3_000, 1, chance
        self.credited: set[str] = set()
        self.mail: list[Message] = []

    def burn(self) -> None:
        self.usable = max(0, self.usable - self.chance.randint(500, 2_500))
        self._moved()

    def credit(self, paid: PurchasePaid) -> None:
        if paid.purchase_id not in self.credited:
            self.credited.add(paid.purchase_id)
            self.usable += 3_000
            self._moved()
            self.mail.append(known_from(paid, self.version))

    def post(self) -> Message | None:
        if not self.mail:
            return None
        letter = self.chance.choice(self.mail)
        if self.chance.random() < 0.7:
            self.mail.remove(letter)
        return letter

    def _moved(self) -> None:
        self.version += 1
        self.mail.append(balance(self.version, self.usable))


@pytest.mark.rule("B14", "B8")
@pytest.mark.case(4, 5, 12, 16)
@pytest.mark.parametrize("seed", range(6))
def test_one_purchase_at_once_none_for_a_full_account_and_no_month_beyond_its_cap(till: Till, seed: int) -> None:
    chance = random.Random(seed)
    now = till.now()
    till.later(now.replace(day=10) + timedelta(days=31) - now)
    ledger, begun = Ledger(chance), 0
    till.hand_in(wish(monthly_cap_minor=CAP_MINOR), balance(1, 3_000))
    for number in range(60):
        happens = chance.random()
        if happens < 0.3:
            ledger.burn()
        elif happens < 0.5:
            till.turn(chance.choice((AUTO_TOP_UP, CHARGE, SETTLE)))
        elif happens < 0.55:
            till.hand_in(workspace(version=number + 2, payment_method_id=chance.choice(METHODS)))
        elif happens < 0.6:
            till.hand_in(stop() if chance.random() < 0.3 else wish(monthly_cap_minor=CAP_MINOR))
        elif happens < 0.65:
            till.sandbox.fault(stage=chance.choice(("before", "after")), action="reset")
        elif happens < 0.7:
            till.later(timedelta(minutes=chance.randint(1, 120)))
        if len(till.told(PurchaseAccepted)) > begun:
            begun += 1
            assert ledger.usable < wish().threshold_credits
        _look(till)
        for paid in till.told(PurchasePaid):
            ledger.credit(paid)
        if (letter := ledger.post()) is not None:
            till.hand_in(letter)
    till.sandbox.clear_faults()
    for letter in ledger.mail:
        till.hand_in(letter)
    till.settle_everything()
    _look(till)
    assert begun > 0


def _look(till: Till) -> None:
    """One under way at most; and what was charged, by the processor's journal, is within the cap."""
    accepted = [each.purchase_id for each in till.told(PurchaseAccepted)]
    over = {each.purchase_id for kind in (PurchasePaid, PurchaseCancelled) for each in till.told(kind)}
    assert len(accepted) == len(set(accepted))
    assert len(set(accepted) - over) <= 1
    assert sum(charge["amount_minor"] for charge in till.charges()) <= CAP_MINOR
