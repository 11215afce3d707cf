"""Where the command finds Kafka."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.cli import settings
from services.cli.outcome import Exit, Problem
from shared.contracts.catalog import PRICE_CATALOG, PRODUCT_USAGE, TOP_UP_COMMANDS, TOPICS, WORKSPACE_CONTACT
from shared.contracts.topics import Topic
from shared.messaging.settings import KafkaSettings, load_settings


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


PASSWORDS = {
    "REFILL_EDGE_KAFKA_PASSWORD": "of the edge",
    "REFILL_OPERATOR_KAFKA_PASSWORD": "of operators",
    "REFILL_PRODUCTS_KAFKA_PASSWORD": "of products",
    "REFILL_UPSTREAM_KAFKA_PASSWORD": "of upstream",
}
NAMES_COUNT = {
    "REFILL_KAFKA_BOOTSTRAP": "kafka:9092",
    "REFILL_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "REFILL_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
}


def says_who(kafka: KafkaSettings) -> tuple[str | None, str | None]:
    return kafka.username, kafka.password.get_secret_value() if kafka.password else None


def test_each_party_is_played_with_its_own_password(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {**NAMES_COUNT, **PASSWORDS})
    loaded = load_settings(settings.CommandLineSettings)
    assert says_who(settings.kafka_settings()) == ("edge", "of the edge")
    assert {party: says_who(kafka) for party, kafka in loaded.writers().items()} == {
        "edge": ("edge", "of the edge"),
        "operator": ("operator", "of operators"),
        "products": ("products", "of products"),
        "upstream": ("upstream", "of upstream"),
    }


def test_a_name_of_ones_own_is_used_for_everything(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"REFILL_KAFKA_USERNAME": "products", "REFILL_KAFKA_PASSWORD": "mine"}
    monkeypatch.setattr("os.environ", {**NAMES_COUNT, **PASSWORDS, **own})
    assert says_who(settings.kafka_settings()) == ("products", "mine")
    assert load_settings(settings.CommandLineSettings).writers() == {}


def test_where_names_count_and_none_is_known_it_is_said(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", NAMES_COUNT)
    with pytest.raises(Problem, match="wants a name and a password") as problem:
        settings.kafka_settings()
    assert "REFILL_EDGE_KAFKA_PASSWORD" in problem.value.mend


def test_without_a_partys_password_its_topics_are_not_written(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {**NAMES_COUNT, "REFILL_EDGE_KAFKA_PASSWORD": "of the edge"})
    settings.connected(to_write=[TOP_UP_COMMANDS, PRICE_CATALOG]).close()
    with pytest.raises(Problem, match="written as products and upstream") as problem:
        settings.connected(to_write=[PRODUCT_USAGE, WORKSPACE_CONTACT])
    assert problem.value.mend == "Set REFILL_PRODUCTS_KAFKA_PASSWORD and REFILL_UPSTREAM_KAFKA_PASSWORD."


def test_without_names_everybody_is_the_same(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"REFILL_KAFKA_BOOTSTRAP": "kafka:9092", **PASSWORDS})
    assert says_who(settings.kafka_settings()) == (None, None)
    assert load_settings(settings.CommandLineSettings).writers() == {}


def test_a_party_expects_its_own_topics_only_for_it_sees_no_others(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[Topic]] = []
    monkeypatch.setattr(settings, "missing", lambda _, topics: asked.append(topics))
    monkeypatch.setattr("os.environ", {**NAMES_COUNT, **PASSWORDS})
    settings.kafka_settings()
    monkeypatch.setattr("os.environ", {**NAMES_COUNT, "REFILL_KAFKA_USERNAME": "admin", "REFILL_KAFKA_PASSWORD": "x"})
    settings.kafka_settings()
    as_edge, as_admin = asked
    assert TOP_UP_COMMANDS in as_edge
    assert not {PRODUCT_USAGE.name, WORKSPACE_CONTACT.name} & {topic.name for topic in as_edge}
    assert as_admin == list(TOPICS)
