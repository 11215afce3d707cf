"""Which tests go to one process, by where they stand."""

import pytest

from tests.stack.scheduling import TOGETHER, scope


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/containers/faults/test_broker_lost.py::test_x", "tests/containers/faults/"),
        ("tests/containers/operations/test_restore.py::test_x", "tests/containers/"),
        ("tests/e2e/cli/test_refill.py::test_x", "tests/e2e/cli/"),
        ("tests/e2e/test_products.py::test_x[a/b]", "tests/e2e/"),
        (
            "tests/integration/cli/test_tail.py::test_x[tests/e2e/]",
            "tests/integration/cli/test_tail.py::test_x[tests/e2e/]",
        ),
    ],
)
def test_tests_that_share_a_system_go_together_and_others_anywhere(nodeid: str, expected: str) -> None:
    assert scope(nodeid) == expected


def test_a_narrower_folder_stands_before_the_one_around_it() -> None:
    for place, folder in enumerate(TOGETHER):
        assert not any(later.startswith(folder) for later in TOGETHER[place + 1 :])
