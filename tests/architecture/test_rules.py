"""Every rule of the domain is shown by a test, and what is still to come is said by name."""

from __future__ import annotations

from pathlib import Path

from deploy.rules import NUMBERS, rules_page, shown
from tests.architecture.checkout import ROOT

SHOWN = shown(ROOT)

MARKED = """
import pytest

pytestmark = [pytest.mark.case(1), pytest.mark.rule("A1")]

@pytest.mark.rule("B1", "B2")
class TestInAClass:
    @pytest.mark.rule("C1")
    async def test_inside(self): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule("N1"))])
def test_one_case(x): ...

@pytest.mark.rule("C9")
def not_a_test(): ...
"""


def test_every_rule_has_a_test() -> None:
    assert [number for number in NUMBERS if number not in SHOWN] == []


def test_no_mark_names_a_rule_that_does_not_exist() -> None:
    assert sorted(set(SHOWN) - set(NUMBERS)) == []


def test_marks_are_found_on_modules_classes_functions_and_cases(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "unit"
    folder.mkdir(parents=True)
    (folder / "test_it.py").write_text(MARKED, encoding="utf-8")
    inside, one_case = "tests/unit/test_it.py::TestInAClass::test_inside", "tests/unit/test_it.py::test_one_case"
    assert shown(tmp_path) == {
        "A1": [inside, one_case],
        "B1": [inside],
        "B2": [inside],
        "C1": [inside],
        "N1": [one_case],
    }


def test_the_page_names_every_rule_with_its_tests() -> None:
    page = rules_page(ROOT)
    for number in NUMBERS:
        section = page.partition(f"### {number}\n")[2].partition("\n#")[0]
        assert [line[3:-1] for line in section.splitlines() if line.startswith("- ")] == SHOWN.get(number, [])
