"""The broker's Java: the first of those at hand that is new enough."""

from pathlib import Path

import pytest

from deploy.local.java import find_java
from deploy.local.trouble import Trouble


def runtime(folder: Path, version: str) -> Path:
    """A folder that looks like a Java runtime of the version; returns its launcher."""
    (folder / "bin").mkdir(parents=True)
    (folder / "release").write_text(f'IMPLEMENTOR="Someone"\nJAVA_VERSION="{version}"\n')
    launcher = folder / "bin" / "java"
    launcher.touch(0o755)
    return launcher


def test_the_first_runtime_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    old = runtime(tmp_path / "old", "11.0.2")
    fit = runtime(tmp_path / "fit", "21.0.1")
    newer = runtime(tmp_path / "newer", "25")

    java = find_java([tmp_path / "none" / "bin" / "java", old, fit, newer])

    assert (java.launcher, java.version, java.home) == (fit, 21, tmp_path / "fit")


def test_without_java_one_sentence_says_what_was_found_and_the_mend(tmp_path: Path) -> None:
    old = runtime(tmp_path / "old", "11.0.2")

    with pytest.raises(Trouble, match=r"needs Java 17 or newer .*old/bin/java is Java 11.*or set JAVA_HOME"):
        find_java([old, tmp_path / "none" / "bin" / "java"])


def test_the_runtime_of_this_environment_is_found() -> None:
    assert find_java().version >= 17
