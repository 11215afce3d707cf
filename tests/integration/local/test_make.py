"""The two commands' frame: make alone helps, and a Python that cannot do it is told so before anything is made."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.local.run_folder import PROJECT

pytestmark = pytest.mark.embedded("how make is told of, and its Python")

TARGET = re.compile(r"^([a-z-]+):", flags=re.MULTILINE)


def make(*words: str, directory: Path = PROJECT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["make", *words], cwd=directory, capture_output=True, text=True, check=False)


def test_make_alone_explains_every_target() -> None:
    targets = TARGET.findall((PROJECT / "Makefile").read_text())

    told = make()

    assert told.returncode == 0
    explained = re.findall(r"^  make ([a-z-]+) +\S", told.stdout, flags=re.MULTILINE)
    assert explained == targets


def test_a_python_that_is_too_old_is_told_in_one_sentence(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    bootstrap = tmp_path / "deploy" / "local" / "bootstrap.py"
    bootstrap.parent.mkdir(parents=True)
    text = (PROJECT / "deploy" / "local" / "bootstrap.py").read_text()
    bootstrap.write_text(text.replace("OLDEST, NEWEST = (3, 11), (3, 13)", "OLDEST, NEWEST = (4, 0), (4, 1)"))

    told = make("test-unit", directory=tmp_path)

    assert told.returncode != 0
    assert told.stderr.startswith("Refill needs Python 3.11, 3.12 or 3.13 and found only")
    assert not (tmp_path / ".venv").exists()
