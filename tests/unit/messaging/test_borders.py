"""The crash points of the road: every border of the table is reached in the code, under its own name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shared.messaging
from shared.messaging.borders import BORDERS, Border

SOURCES = Path(shared.messaging.__path__[0])


@pytest.mark.parametrize("border", BORDERS)
def test_each_border_is_reached_at_one_place(border: Border) -> None:
    uses = [
        path.name
        for path in SOURCES.glob("*.py")
        for _ in re.findall(rf"reach\(Border\.{border.name}\)", path.read_text())
    ]

    assert len(uses) == 1, uses
