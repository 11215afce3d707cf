"""What stands in the way of Docker is told in one sentence with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.compose.engine import docker, docker_lines, require_engine
from deploy.local.trouble import Trouble


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a `docker` that a test writes itself; no other is found."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else None)
    return tmp_path / "docker"


def behaves(command: Path, *lines: str) -> None:
    command.write_text("\n".join(("#!/bin/sh", *lines, "")))
    command.chmod(0o755)


def test_without_docker_the_sentence_says_what_to_install(command: Path) -> None:
    with pytest.raises(Trouble, match=r"no docker command.*install Docker Engine.*embedded stack"):
        require_engine()


def test_an_engine_that_does_not_answer_is_to_be_started_and_its_words_are_kept(command: Path) -> None:
    behaves(command, "echo 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' >&2", "exit 1")

    with pytest.raises(Trouble, match=r"does not answer: start it.*It said: Cannot connect to the Docker daemon"):
        require_engine()


def test_a_user_without_the_right_is_told_the_group(command: Path) -> None:
    behaves(command, "echo 'permission denied while trying to connect to the Docker daemon socket' >&2", "exit 1")

    with pytest.raises(Trouble, match="group docker"):
        require_engine()


def test_without_compose_the_sentence_names_the_plugin(command: Path) -> None:
    behaves(command, '[ "$1" = version ] && echo 28.0 && exit 0', "exit 1")

    with pytest.raises(Trouble, match="docker-compose-plugin"):
        require_engine()


def test_a_failure_keeps_the_last_lines_and_leaves_out_the_steps_that_went_well(command: Path) -> None:
    behaves(
        command,
        "echo ' Container x-kafka-1  Started'",
        "for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo line $number; done",
        "echo ' Container x-postgres-1  Created'",
        "echo 'service \"topics\" did not complete successfully: exit 78' >&2",
        "exit 3",
    )
    heard: list[str] = []

    with pytest.raises(Trouble) as failure:
        docker_lines("compose", "up", environment={}, say=heard.append)

    said = str(failure.value).splitlines()
    assert said[0] == "docker compose up failed (3); the end of what it said:"
    assert said[-1] == 'service "topics" did not complete successfully: exit 78'
    assert "line 20" in said
    assert "line 1" not in said
    assert not any("Started" in line or "Created" in line for line in said)
    assert heard[0] == " Container x-kafka-1  Started"


def test_what_docker_answers_is_returned_without_what_it_warns_of(command: Path) -> None:
    behaves(command, "echo a warning >&2", "echo the answer")

    assert docker("ps") == "the answer\n"
