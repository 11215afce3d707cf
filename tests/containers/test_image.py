"""The image of the workers: small, nobody's root, and nothing in it but what runs."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest

from deploy.compose.engine import docker
from deploy.local.run_folder import PROJECT

MAX_BYTES = 250_000_000
LOCK = PROJECT / "deploy" / "image-requirements.lock"
NOT_FOR_LINUX = {"colorama"}

Finished = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def image() -> str:
    """Its id, built from the working tree."""
    dockerfile = str(PROJECT / "deploy" / "Dockerfile")
    return docker("build", "--quiet", "--tag", "refill:local", "--file", dockerfile, str(PROJECT)).strip()


@pytest.fixture(scope="module")
def described(image: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(docker("image", "inspect", image))[0]
    return found


def run(image: str, *command: str, options: tuple[str, ...] = ()) -> Finished:
    """In a container that is as locked down as compose's: whatever is started must not need more."""
    locked = ("--rm", "--read-only", "--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges")
    return subprocess.run(
        ["docker", "run", *locked, *options, image, *command], capture_output=True, text=True, check=False
    )


def python(image: str, program: str) -> Any:
    done = run(image, "python", "-c", program)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_small(described: dict[str, Any]) -> None:
    assert described["Size"] < MAX_BYTES


def test_it_runs_as_a_user_who_owns_nothing_of_the_code(image: str, described: dict[str, Any]) -> None:
    program = """
import json, os
own = [os.path.join(at, name) for at, folders, files in os.walk("/") for name in folders + files
       if not at.startswith(("/proc", "/sys", "/dev")) and not os.path.islink(os.path.join(at, name))
       and os.access(os.path.join(at, name), os.W_OK, effective_ids=True)]
print(json.dumps({"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "own": sorted(own)}))
"""
    # Without --read-only, under which nothing is writable: what the permissions themselves say.
    done = subprocess.run(["docker", "run", "--rm", image, "python", "-c", program], capture_output=True, text=True)
    who = json.loads(done.stdout)

    assert described["Config"]["User"] == "10001:10001"
    assert (who["uid"], who["gid"], who["groups"]) == (10001, 10001, [10001])
    assert {path for path in who["own"] if not path.startswith(("/tmp", "/var/tmp", "/run/lock"))} == {
        "/data",  # where a volume goes
        "/run/refill",  # where the ready file stands
    }


def test_it_holds_neither_compiler_nor_installer_nor_their_leavings(image: str) -> None:
    program = """
import json, os, shutil, stat
unwanted = "gcc cc g++ c++ clang ld as make pip pip3 apt apt-get perl git curl wget uv".split()
found = [name for name in unwanted if shutil.which(name)]
for at, folders, files in os.walk("/"):
    if at in ("/proc", "/sys", "/dev"):
        folders.clear()
    found += [os.path.join(at, name) for name in folders if name in ("pip", "ensurepip", ".cache", "__pip__", "tests")]
    found += [os.path.join(at, name) for name in files if name.endswith((".whl", ".deb"))]
    for name in files:
        mode = os.lstat(os.path.join(at, name)).st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            found.append(f"setuid: {os.path.join(at, name)}")
print(json.dumps(found))
"""
    assert python(image, program) == []


def test_it_holds_the_locked_packages_and_no_other(image: str) -> None:
    program = """
import json, re
from importlib.metadata import distributions
print(json.dumps({re.sub(r"[-_.]+", "-", each.name).lower(): each.version for each in distributions()}))
"""
    lines = re.findall(r"^([a-z0-9][\w.-]*)==([^ ;]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)

    assert python(image, program) == {name: version for name, version in lines if name not in NOT_FOR_LINUX}


def test_it_holds_our_code_and_nothing_else_of_the_checkout(image: str) -> None:
    program = """
import json, os
files = [os.path.join(at, name) for at, _, names in os.walk("/app") for name in names]
print(json.dumps({"app": sorted(os.listdir("/app")), "deploy": sorted(os.listdir("/app/deploy")), "files": files}))
"""
    held = python(image, program)

    assert held["app"] == ["deploy", "services", "shared"]
    assert held["deploy"] == [
        "__init__.py",
        "__pycache__",
        "health.py",
        "image-requirements.lock",
        "kafka",
        "postgres",
        "stripe_sandbox",
    ]
    kinds = {name.rpartition(".")[2] for name in held["files"]}
    assert kinds <= {"py", "pyc", "sql", "json", "jinja", "html", "txt", "subject", "lock"}


def test_every_module_of_ours_finds_what_it_imports(image: str) -> None:
    """The image's lock leaves out what only a checkout needs."""
    program = """
import importlib, json, pkgutil, sys
failed = {}
for package in ("shared", "services", "deploy"):
    for module in pkgutil.walk_packages([package], f"{package}."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except Exception as error:
            failed[module.name] = repr(error)
print(json.dumps(failed))
"""
    assert python(image, program) == {}


def test_it_was_compiled_before_it_became_read_only(image: str) -> None:
    program = """
import json, os
have = {os.path.join(at, name) for at, _, names in os.walk("/app") for name in names}
bare = [path for path in have if path.endswith(".py") and os.path.join(os.path.dirname(path), "__pycache__",
        f"{os.path.basename(path)[:-3]}.cpython-313.pyc") not in have]
print(json.dumps(bare))
"""
    assert python(image, program) == []


def test_it_says_what_it_is_and_how_it_is_stopped_and_asked(described: dict[str, Any]) -> None:
    config = described["Config"]
    labels = {name.removeprefix("org.opencontainers.image.") for name in config["Labels"]}

    assert {"title", "description", "licenses", "version", "revision", "base.name"} <= labels
    assert config["StopSignal"] == "SIGTERM"
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "-I", "/app/deploy/health.py"]
    assert not config.get("Entrypoint")
    assert not [setting for setting in config["Env"] if re.search(r"PASSWORD|SECRET|TOKEN|INDEX|PROXY", setting, re.I)]


@pytest.mark.parametrize("service", ["billing", "credit_ledger", "notification"])
def test_the_service_is_the_command_and_says_which_settings_it_misses(image: str, service: str) -> None:
    done = run(image, "python", "-m", f"services.{service}", "run")

    assert done.returncode == 78
    assert "REFILL_KAFKA_BOOTSTRAP is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_worker_it_is_not_healthy(image: str) -> None:
    done = run(image, "python", "-I", "/app/deploy/health.py")

    assert (done.returncode, done.stdout) == (
        1,
        "the worker does not say that it is healthy; its log says what it waits for\n",
    )


def test_without_a_command_it_tells_how_it_is_used(image: str) -> None:
    done = run(image)

    assert done.returncode == 0
    assert "Usage: python -m services.cli" in done.stdout
