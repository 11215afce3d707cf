"""The `docker` command: run to its end, followed line by line, and what stands in its way in one sentence."""

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from deploy.local.trouble import Trouble

LAST_LINES = 15  # what a person needs of what docker said, and no more
TIMEOUT_S = 120  # a command of the engine takes a second; a machine that does much else takes longer
GRACE_S = 20  # compose gives up at the next step of what it does

STEP = re.compile(r"\s*(Container|Network|Volume) \S+\s+(Creat|Start|Wait|Running|Healthy|Exited|Stop|Remov|Recreate)")
"""A step of compose that went well: not what a person asks for who reads why it failed."""

OR_WITHOUT = "or leave containers out of it: the same runs on the embedded stack without them"
NO_DOCKER = f"There is no docker command here: install Docker Engine with its Compose plugin, {OR_WITHOUT}."
NO_COMPOSE = f"Docker has no Compose v2: install its plugin (the package docker-compose-plugin), {OR_WITHOUT}."
NOT_ALLOWED = (
    f"You may not speak to Docker's engine: add yourself to the group docker and log in again, {OR_WITHOUT}. It said: "
)
NO_ENGINE = (
    f"Docker's engine does not answer: start it (Docker Desktop, or: sudo systemctl start docker), {OR_WITHOUT}. "
    "It said: "
)

Environment = Mapping[str, str]
Say = Callable[[str], object]

LOOK_EVERY_S = 0.3
"""Between looks at what the engine tells: each starts its client, which takes more than what is waited for."""


def require_engine() -> None:
    """Raises Trouble with the mend when docker, its engine or Compose v2 is missing."""
    if shutil.which("docker") is None:
        raise Trouble(NO_DOCKER)
    asked = _finished(["docker", "version", "--format", "{{.Server.Version}}"], {})
    if asked.returncode != 0:
        said = " ".join(asked.stderr.split())
        raise Trouble((NOT_ALLOWED if "permission denied" in said else NO_ENGINE) + said)
    if _finished(["docker", "compose", "version"], {}).returncode != 0:
        raise Trouble(NO_COMPOSE)


def docker(*words: str, environment: Environment | None = None) -> str:
    """Runs `docker <words>` and returns what it wrote to its standard output. Raises Trouble with what it said."""
    done = _finished(["docker", *words], environment or {})
    if done.returncode != 0:
        raise Trouble(_failure(words, done.returncode, (done.stdout + done.stderr).splitlines()))
    return done.stdout


def docker_output(*words: str) -> str:
    """The same, both streams in the order in which they came: what `docker logs` gives."""
    done = _finished(["docker", *words], {}, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Trouble(_failure(words, done.returncode, done.stdout.splitlines()))
    return done.stdout


def docker_lines(*words: str, environment: Environment, say: Say) -> None:
    """Runs `docker <words>`, which may take minutes, and passes each line that it says on at once.

    Whatever ends the wait, Ctrl-C too, ends the command. Raises Trouble with its last lines.
    """
    last: deque[str] = deque(maxlen=LAST_LINES)
    command = ["docker", *words]
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C reaches the starter alone, which ends what it started in order
    )
    try:
        assert process.stdout is not None
        with process.stdout as output:
            for line in filter(str.strip, output):
                last.append(line.rstrip())
                say(line.rstrip())
        code = process.wait()
    except BaseException:
        _end(process)
        raise
    if code != 0:
        raise Trouble(_failure(words, code, list(last)))


def _finished(
    command: Sequence[str], environment: Environment, stderr: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        _end(process)
        raise Trouble(f"{' '.join(command)} did not end within {TIMEOUT_S} s.") from None
    except BaseException:
        _end(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors or "")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _failure(words: Sequence[str], code: int, said: Sequence[str]) -> str:
    telling = [line for line in said if not STEP.match(line)] or list(said)
    what = " ".join(word for word in words[:2] if not word.startswith("-"))
    return f"docker {what} failed ({code}); the end of what it said:\n" + "\n".join(telling[-LAST_LINES:])
