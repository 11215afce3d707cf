"""Two runs of pytest are told in one line that hides neither's bad news."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[3] / ".ci" / "closing_line.py"
WARM = "=============== 2998 passed, 3 skipped, 1 warning in 400.10s (0:06:40) ==============="
CONTAINERS = "== 1 failed, 2 passed, 1 warning, 2 errors in 59.89s =="


def loaded() -> ModuleType:
    specification = importlib.util.spec_from_file_location("closing_line", PROGRAM)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["closing_line"] = module  # dataclasses look their own module up
    specification.loader.exec_module(module)
    return module


line = loaded()


def test_counts_and_seconds_are_added_and_written_as_pytest_writes_them() -> None:
    total = line.added_up([line.read(WARM), line.read(CONTAINERS)])

    assert str(total).strip("= ") == ("1 failed, 3000 passed, 3 skipped, 2 warnings, 2 errors in 459.99s (0:07:39)")
    assert len(str(total)) == 80
    assert line.read(str(total)) == total


@pytest.mark.parametrize(
    ("printed", "counts"),
    [
        ("3 passed in 0.10s", {"passed": 3}),
        ("\x1b[32m===== \x1b[32m\x1b[1m1 passed\x1b[0m\x1b[32m in 1.00s\x1b[0m\x1b[32m =====\x1b[0m", {"passed": 1}),
        ("=== no tests ran in 0.01s ===", {}),
        ("=== 4 skipped, 2 deselected in 0.01s ===\nmake: *** [test] Error 1\n", {"skipped": 4, "deselected": 2}),
        ("=== 1 passed in 0.01s ===\nagain\n=== 2 passed in 0.02s ===", {"passed": 2}),
    ],
)
def test_a_closing_line_is_found_in_what_a_run_printed(printed: str, counts: dict[str, int]) -> None:
    assert line.read(printed).counts == Counter(counts)


@pytest.mark.parametrize("printed", ["", "1 file reformatted", "3 passed the gate in 1.0s of time", "error: in 1.0s"])
def test_what_is_no_closing_line_is_not_taken_for_one(printed: str) -> None:
    assert line.read(printed) is None


def test_a_run_that_never_closed_is_an_error_beside_the_others_news() -> None:
    total = line.added_up([None, line.read("=== 5 passed in 1.00s ===")])

    assert str(total).strip("= ") == "5 passed, 1 error in 1.00s"
    assert line.exit_code([0, 0], total) == 1


@pytest.mark.parametrize(
    ("codes", "closing", "code"),
    [([0, 0], "1 passed in 1.00s", 0), ([0, 2], "1 passed in 1.00s", 2), ([0, 0], "1 failed in 1.00s", 1)],
)
def test_the_exit_code_is_bad_when_anything_is(codes: list[int], closing: str, code: int) -> None:
    assert line.exit_code(codes, line.read(closing)) == code


def test_the_program_says_each_run_and_closes_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(WARM)
    two.write_text("no rule to make target")

    code = line.main(["make test", "0", str(one), "make other", "2", str(two)])

    told = capsys.readouterr().out.splitlines()
    assert code == 2
    assert told[:2] == [
        "make test: 2998 passed, 3 skipped, 1 warning in 400.10s (0:06:40)",
        "make other: ended before pytest did (exit code 2)",
    ]
    assert told[2].strip("= ") == "2998 passed, 3 skipped, 1 warning, 1 error in 400.10s (0:06:40)"
    assert len(told) == 3
