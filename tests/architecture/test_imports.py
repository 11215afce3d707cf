"""Who may import whom: the contracts of import-linter, and the libraries that have one door each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.checkout import CODE, ROOT, imported_modules, python_files

# Library: the file or folder that may import it. The sandbox stands outside of this: here it is Stripe.
SANDBOX = ROOT / "deploy" / "stripe_sandbox"
DOORS = {
    "kafka": "shared/messaging/kafka/",
    "stripe": "services/billing/stripe_gateway.py",
    "smtplib": "services/notification/mailer.py",
}


def test_import_contracts_hold() -> None:
    linted = subprocess.run(
        [sys.executable, "-c", "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    importers = {
        path.relative_to(ROOT).as_posix()
        for path in python_files(*CODE)
        if SANDBOX not in path.parents and any(module.split(".")[0] == library for module in imported_modules(path))
    }
    assert [path for path in importers if not path.startswith(DOORS[library])] == []
    assert importers, f"nobody imports {library}: then it is not a dependency"


def test_hypothesis_is_for_property_tests() -> None:
    """Elsewhere its examples would not be the same in every run (tests/property/conftest.py), and it starts slowly."""
    importers = {
        path.relative_to(ROOT).parts[1]
        for path in python_files("tests")
        if "hypothesis" in {module.split(".")[0] for module in imported_modules(path)}
    }
    assert importers == {"property"}


def _service_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[1]


def test_a_domain_is_pure() -> None:
    pure = ("shared.contracts", "shared.messaging.ids")
    for path in python_files("services"):
        if "domain" not in path.relative_to(ROOT).parts:
            continue
        for module in imported_modules(path):
            own = f"services.{_service_of(path)}.domain"
            assert module.split(".")[0] in sys.stdlib_module_names or module.startswith((*pure, own)), (
                f"{path.relative_to(ROOT)} imports {module}"
            )


@pytest.mark.parametrize("needle", ["datetime.now(", "uuid4(", "time.time(", "random."])
def test_no_clock_and_no_chance_in_domain_and_handlers(needle: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in python_files("services")
        if {"domain", "handlers"} & set(path.relative_to(ROOT).parts) and needle in path.read_text(encoding="utf-8")
    ]
    assert found == []
