"""Wrong settings are all reported at once, by the names of their variables."""

from __future__ import annotations

import pytest

from services.notification.settings import NotificationSettings
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import load_settings

GOOD = {
    "REFILL_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "REFILL_NOTIFICATION_DATABASE_URL": "postgresql://notification_worker:secret@127.0.0.1/refill",
    "REFILL_SMTP_HOST": "127.0.0.1",
    "REFILL_SMTP_PORT": "25",
    "REFILL_MAIL_FROM": "credits@refill.test",
    "REFILL_CONSOLE_URL": "https://console.refill.test/",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_good_settings_are_taken() -> None:
    settings = load_settings(NotificationSettings)
    assert settings.console_url == "https://console.refill.test"
    assert settings.smtp_port == 25


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFILL_SMTP_PORT", "70000")
    monkeypatch.setenv("REFILL_MAIL_FROM", "a@b.c, d@e.f")
    monkeypatch.setenv("REFILL_CONSOLE_URL", "javascript:alert(1)")
    monkeypatch.delenv("REFILL_SMTP_HOST")
    with pytest.raises(SettingsProblem) as problem:
        load_settings(NotificationSettings)
    named = {word for word in str(problem.value).split() if word.startswith("REFILL_")}
    assert named == {"REFILL_SMTP_PORT", "REFILL_MAIL_FROM", "REFILL_CONSOLE_URL", "REFILL_SMTP_HOST"}
    assert "secret" not in str(problem.value)
