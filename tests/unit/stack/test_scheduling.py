"""Which tests share a process, and which begin first."""

from __future__ import annotations

import pytest

from tests.stack import choice
from tests.stack.scheduling import ONE_BY_ONE, ORDER, WHOLE_FOLDERS, rank, scope


@pytest.fixture(params=ORDER)
def folders(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.setenv(choice.VARIABLE, request.param)
    return ORDER[request.param]


def test_each_folder_ranks_by_its_own_place_and_what_is_in_none_comes_last(folders: tuple[str, ...]) -> None:
    ranks = [rank(f"{folder}test_it.py::test_one") for folder in folders]

    assert ranks == list(range(len(folders)))
    assert rank("elsewhere/test_it.py::test_one") == len(folders)


@pytest.mark.parametrize(
    ("stack", "nodeid", "together"),
    [
        (choice.CONTAINERS, "tests/e2e/cli/test_refill.py::test_one", "tests/e2e/cli/"),
        (choice.CONTAINERS, "tests/e2e/test_people.py::test_one[a/b]", "tests/e2e/"),
        (choice.CONTAINERS, "tests/containers/faults/test_single_faults.py::test_one", "tests/containers/faults/"),
        (choice.CONTAINERS, "tests/containers/test_image.py::test_one[a]", "the file"),
        (choice.CONTAINERS, "tests/integration/billing/test_buying.py::test_one[tests/e2e/]", "the test"),
        (choice.EMBEDDED, "tests/e2e/cli/test_refill.py::test_one", "tests/e2e/"),
        (choice.EMBEDDED, "tests/e2e/story/test_story.py::test_one", "tests/e2e/story/"),
        (choice.EMBEDDED, "tests/unit/billing/test_rates.py::test_one", "tests/unit/"),
        (choice.EMBEDDED, "tests/integration/billing/test_buying.py::test_one[a::b]", "the file"),
        (choice.EMBEDDED, "tests/fault/billing/test_restored.py::test_one[a]", "the test"),
        (choice.EMBEDDED, "tests/integration/local/test_up.py::test_one", "the test"),
    ],
)
def test_together_stay_a_folder_a_file_or_nothing_but_the_test(
    monkeypatch: pytest.MonkeyPatch, stack: str, nodeid: str, together: str
) -> None:
    monkeypatch.setenv(choice.VARIABLE, stack)

    assert scope(nodeid) == {"the test": nodeid, "the file": nodeid.split("::")[0]}.get(together, together)


def test_what_is_together_or_apart_is_in_the_order(folders: tuple[str, ...]) -> None:
    named = {*WHOLE_FOLDERS[choice.name()], *ONE_BY_ONE[choice.name()]}
    assert named - {""} <= set(folders)
