"""A file may stand for any setting: read, refused in words without its value or path, told with all the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from services.billing.settings import BillingSettings
from services.credit_ledger.settings import AuditSettings, LedgerSettings
from services.notification.settings import NotificationSettings
from shared.messaging.environment import FILE, MAX_BYTES, Flaw, look_up, look_up_all
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings, environment_name, load_settings

SECRET = "s3cr3t-value"
URL = f"postgresql://painter:{SECRET}@127.0.0.1:5432/refill"


class PaintingSettings(WorkerSettings):
    """A service's own settings, as billing has them."""

    database_url: DatabaseUrl = Field(validation_alias="REFILL_PAINTING_DATABASE_URL", description=DATABASE_WANTED)
    brush_key: SecretStr = Field(description="the key of the brush cupboard", min_length=8)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("REFILL_PAINTING_DATABASE_URL", URL)
    monkeypatch.setenv("REFILL_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    monkeypatch.setenv("REFILL_BRUSH_KEY", SECRET)
    return monkeypatch


def _in_file(environment: pytest.MonkeyPatch, name: str, path: Path, content: str | bytes) -> None:
    environment.delenv(name, raising=False)
    environment.setenv(name + FILE, str(path))
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _complaint() -> str:
    with pytest.raises(SettingsProblem) as raised:
        load_settings(PaintingSettings)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    return str(raised.value)


def test_every_kind_of_setting_may_come_in_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = {
        "REFILL_PAINTING_DATABASE_URL": URL,
        "REFILL_KAFKA_BOOTSTRAP": "kafka:9092",
        "REFILL_BRUSH_KEY": SECRET,
        "REFILL_MAX_POLL_RECORDS": "7",
        "REFILL_READY_FILE": "ready",
    }
    for name, value in values.items():
        _in_file(environment, name, tmp_path / name, value)

    settings = load_settings(PaintingSettings)

    assert settings.database_url.get_secret_value() == URL
    assert settings.brush_key.get_secret_value() == SECRET
    assert settings.kafka().bootstrap == ("kafka:9092",)
    assert settings.max_poll_records == 7
    assert settings.ready_file == Path("ready")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (SECRET, SECRET),
        (f"{SECRET}\n", SECRET),
        (f"{SECRET}\r\n", SECRET),
        (f"{SECRET}\n\n", f"{SECRET}\n"),
        (f" {SECRET} ", f" {SECRET} "),
    ],
)
def test_one_newline_at_the_end_is_cut_and_nothing_else(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: str, value: str
) -> None:
    _in_file(environment, "REFILL_BRUSH_KEY", tmp_path / "key", content)
    assert load_settings(PaintingSettings).brush_key.get_secret_value() == value


def test_the_value_in_a_file_is_looked_at_like_any_other(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_file(environment, "REFILL_BRUSH_KEY", tmp_path / "key", "short\n")
    complaint = _complaint()
    assert complaint.startswith("1 setting is missing or wrong:\n  REFILL_BRUSH_KEY")
    assert "at least 8" in complaint


def test_an_empty_variable_leaves_the_word_to_the_other_one(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_file(environment, "REFILL_BRUSH_KEY", tmp_path / "key", SECRET)
    environment.setenv("REFILL_BRUSH_KEY", "")
    environment.setenv("REFILL_KAFKA_BOOTSTRAP" + FILE, "")
    assert load_settings(PaintingSettings).brush_key.get_secret_value() == SECRET


@pytest.mark.case(23)
def test_both_given_is_told_without_either_value(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _in_file(environment, "REFILL_BRUSH_KEY", tmp_path / "key", f"other-{SECRET}")
    environment.setenv("REFILL_BRUSH_KEY", SECRET)
    assert _complaint() == (
        "1 setting is missing or wrong:\n"
        "  REFILL_BRUSH_KEY and REFILL_BRUSH_KEY_FILE are both given: take one of them away"
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "names a file that is empty"),
        ("\n", "names a file that is empty"),
        (b"\xff\xfe" + SECRET.encode(), "names a file that is not text"),
        (SECRET * MAX_BYTES, f"names a file of more than {MAX_BYTES} bytes"),
    ],
    ids=["empty", "a newline alone", "bytes", "large"],
)
@pytest.mark.case(23)
def test_a_file_that_cannot_be_the_setting_is_told_without_its_content(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: str | bytes, told: str
) -> None:
    _in_file(environment, "REFILL_BRUSH_KEY", tmp_path / "key", content)
    complaint = _complaint()
    assert complaint.startswith("1 setting is missing or wrong:\n  REFILL_BRUSH_KEY_FILE ")
    assert told in complaint
    assert SECRET not in complaint


@pytest.mark.case(23)
def test_a_secret_where_the_path_belongs_is_not_printed(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("REFILL_BRUSH_KEY")
    environment.setenv("REFILL_BRUSH_KEY_FILE", SECRET)
    complaint = _complaint()
    assert "REFILL_BRUSH_KEY_FILE names a file that cannot be read: No such file or directory" in complaint
    assert SECRET not in complaint


def test_flaws_of_files_and_all_others_are_told_at_once(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("REFILL_BRUSH_KEY_FILE", str(tmp_path / "key"))
    environment.delenv("REFILL_KAFKA_BOOTSTRAP")
    environment.setenv("REFILL_KAFKA_BOOTSTRAP_FILE", str(tmp_path))
    environment.delenv("REFILL_PAINTING_DATABASE_URL")
    environment.setenv("REFILL_POLL_TIMEOUT_MS", "1")

    complaint = _complaint()

    assert complaint.startswith("4 settings are missing or wrong:")
    assert "REFILL_BRUSH_KEY and REFILL_BRUSH_KEY_FILE are both given" in complaint
    assert "REFILL_KAFKA_BOOTSTRAP_FILE names a file that cannot be read: Is a directory" in complaint
    assert "REFILL_PAINTING_DATABASE_URL is missing; wanted: " in complaint
    assert "REFILL_POLL_TIMEOUT_MS should be greater than or equal to 50" in complaint


def test_a_program_without_a_settings_class_is_told_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    (tmp_path / "good").write_text(f"{SECRET}\n")
    environment = {"A": "1", "B_FILE": str(tmp_path / "good"), "C": "3", "C_FILE": "x", "D_FILE": str(tmp_path / "no")}

    assert look_up_all(["A", "B"], environment) == {"A": "1", "B": SECRET}
    assert look_up("E", environment) is None
    with pytest.raises(Flaw, match="C and C_FILE are both given"):
        look_up("C", environment)
    with pytest.raises(SettingsProblem) as raised:
        look_up_all(["A", "C", "D", "E"], environment)

    assert str(raised.value).splitlines() == [
        "3 settings are missing or wrong:",
        "  C and C_FILE are both given: take one of them away",
        "  D_FILE names a file that cannot be read: No such file or directory",
        "  E is missing",
    ]


@pytest.mark.parametrize("kind", [BillingSettings, LedgerSettings, NotificationSettings, AuditSettings])
def test_no_settings_name_is_another_ones_file(kind: type[BaseSettings]) -> None:
    names = {environment_name(name, field) for name, field in kind.model_fields.items()}
    assert not names & {name + FILE for name in names}
