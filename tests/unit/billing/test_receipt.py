"""Receipt numbers."""

from __future__ import annotations

import re
from uuid import uuid4

from services.billing.domain.receipt import receipt_number
from tests.unit.billing.builders import PURCHASE


def test_a_number_is_the_purchases_own_for_ever() -> None:
    assert receipt_number(PURCHASE) == receipt_number(PURCHASE)
    numbers = {receipt_number(str(uuid4())) for _ in range(1_000)}
    assert len(numbers) == 1_000
    assert all(re.fullmatch(r"R(-[A-Z2-7]{4}){3}", number) for number in numbers)
