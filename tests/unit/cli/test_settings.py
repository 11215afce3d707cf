"""Where the command finds Kafka."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli import settings
from services.cli.outcome import Exit, Problem


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings, and no settings in the environment."""
    monkeypatch.setattr("os.environ", {})
    monkeypatch.setattr(settings, "PROJECT", tmp_path / "project")
    monkeypatch.setattr(settings, "missing", lambda *_: None)  # nothing runs where these addresses lead to
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_any_address_the_mend_is_said(nowhere: Path) -> None:
    with pytest.raises(Problem) as problem:
        settings.kafka_settings()
    assert "REFILL_KAFKA_BOOTSTRAP" in problem.value.what
    assert "refill up" in problem.value.mend
    assert problem.value.code is Exit.USAGE


@pytest.mark.parametrize("folder", [".", "project"])
def test_the_address_that_up_wrote_is_taken(nowhere: Path, folder: str) -> None:
    path = nowhere / folder / ".refill" / "env"
    path.parent.mkdir(parents=True)
    path.write_text("REFILL_KAFKA_BOOTSTRAP=127.0.0.1:19092\nREFILL_TOPIC_PREFIX=mine.\n")
    found = settings.kafka_settings()
    assert (found.bootstrap, found.prefix) == (("127.0.0.1:19092",), "mine.")


def test_the_environment_wins_over_the_file(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"REFILL_KAFKA_BOOTSTRAP": "kafka:9092"})
    (nowhere / ".refill").mkdir()
    (nowhere / ".refill" / "env").write_text("REFILL_KAFKA_BOOTSTRAP=127.0.0.1:19092\n")
    assert settings.kafka_settings().bootstrap == ("kafka:9092",)


def test_a_file_in_the_environment_wins_over_what_up_wrote(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / "address").write_text("kafka:9092\n")
    monkeypatch.setattr("os.environ", {"REFILL_KAFKA_BOOTSTRAP_FILE": str(nowhere / "address")})
    (nowhere / ".refill").mkdir()
    (nowhere / ".refill" / "env").write_text("REFILL_KAFKA_BOOTSTRAP=127.0.0.1:19092\n")
    assert settings.kafka_settings().bootstrap == ("kafka:9092",)
