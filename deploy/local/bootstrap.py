"""Makes .venv from requirements.lock. Run by the machine's own Python: the standard library only, no package of ours.

It also has to be readable by a Python too old for the project, which is told so in one sentence: hence no annotations
that Python 3.8 could not parse.
"""

import fcntl
import os
import pathlib
import platform
import re
import subprocess
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
LOCK = PROJECT / "requirements.lock"
OLDEST, NEWEST = (3, 11), (3, 13)
PROBE = "import sys, pip; print(sys.version_info[0], sys.version_info[1])"

# What pip says, and what that means to a person. The first that matches is told; `{0}` is the matched package.
MEANINGS = (
    (
        r"(?:Retrying|NewConnectionError|NameResolutionError|ConnectTimeoutError|Temporary failure in name)",
        "The package index cannot be reached: connect this machine to the network for the first run "
        "(later runs need none).",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "A downloaded package is not the one in requirements.lock (its hash differs), so nothing was installed: "
        "find out who serves this machine another file.",
    ),
    (
        r"No matching distribution found for ([\w.-]+)",
        "There is no wheel of {0} for this platform ("
        + platform.machine()
        + " "
        + platform.system()
        + ", Python "
        + platform.python_version()
        + "): use Python 3.11 to 3.13 on Linux with glibc or on macOS.",
    ),
    (r"No space left on device", "The disk is full: the environment needs about 500 MB."),
)


class Obstacle(Exception):
    """What stands in the way, in one sentence with its mend."""


def check_python() -> None:
    """Raises Obstacle when this Python cannot make the environment."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        raise Obstacle(
            "Refill needs Python 3.11, 3.12 or 3.13 and found only "
            + platform.python_version()
            + " ("
            + sys.executable
            + "): install one of them, or name it with make PYTHON=/path/to/python3.13."
        )
    try:
        import ensurepip  # noqa: F401 - looked for, not used
        import venv  # noqa: F401
    except ImportError:
        raise Obstacle(
            "The Python at {} comes without its venv module: install it (on Debian and Ubuntu: "
            "apt-get install python{}.{}-venv).".format(sys.executable, *version)
        ) from None


def make_venv() -> None:
    """Makes .venv, anew when the one there does not work or is of another Python."""
    if _works():
        return
    print("Making .venv with Python " + platform.python_version(), flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Obstacle("Python could not make .venv: " + done.stdout.strip())


def _works() -> bool:
    """Whether the environment runs, is of a right Python, and still stands where it was made: its scripts name their
    place."""
    try:
        if str(VENV).encode() not in (VENV / "bin" / "pip").read_bytes()[:1000]:
            return False
        told = subprocess.check_output([str(VENV_PYTHON), "-c", PROBE], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return False
    return OLDEST <= tuple(int(part) for part in told.split()) <= NEWEST


def install() -> None:
    """Installs exactly what the lock names, then the project itself."""
    total = len(re.findall(r"^\S+==", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    # Compiled when first imported: most of what is installed is never imported by one run.
    wheels = ["--no-compile", "--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(LOCK)]
    _pip(wheels, _Progress(total))
    _pip(["--no-deps", "--no-build-isolation", "--editable", str(PROJECT)], _Progress(0))


class _Progress:
    """Counts packages in one line on a terminal, in a line per twenty elsewhere."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._seen = 0

    def line(self, text: str) -> None:
        if text.startswith("Installing collected packages") and self._total:
            self._say(f"Unpacking {self._seen} packages", last=True)
        elif text.startswith(("Collecting", "Requirement already satisfied")) and self._total:
            self._seen += 1
            self._say(f"Fetching packages: {self._seen} of at most {self._total}")

    def _say(self, text: str, last: bool = False) -> None:
        if sys.stdout.isatty():
            print("\r" + text + " " * 20, end="\n" if last else "", flush=True)
        elif last or self._seen % 20 == 0:
            print(text, flush=True)


def _pip(arguments: "list[str]", progress: _Progress) -> None:
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    pip = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        env=dict(os.environ, PYTHONUNBUFFERED="1"),
    )
    assert pip.stdout is not None
    said = []
    for line in pip.stdout:
        said.append(line)
        progress.line(line)
    if pip.wait() != 0:
        raise Obstacle(_meaning("".join(said)))


def _meaning(said: str) -> str:
    for pattern, meaning in MEANINGS:
        match = re.search(pattern, said)
        if match:
            return meaning.format(*match.groups())
    return "pip could not install the packages of requirements.lock:\n" + "\n".join(said.splitlines()[-15:])


def main(marker: pathlib.Path) -> int:
    """Makes what is missing and leaves the marker, whose name carries the lock's checksum, so that make need not ask
    again."""
    try:
        check_python()
        with LOCK.open() as turn:  # two makes in one clone: one installs, the other waits and finds it done
            fcntl.flock(turn, fcntl.LOCK_EX)
            if marker.exists():
                return 0
            make_venv()
            install()
            for old in VENV.glob(".installed-*"):
                old.unlink()
            marker.touch()
    except Obstacle as obstacle:
        print(obstacle, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Cannot write in {PROJECT}: {error}", file=sys.stderr)
        return 1
    print("Installed in .venv", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
