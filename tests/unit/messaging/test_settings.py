"""Settings: every wrong one at once, by the name of its variable, and never its value."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import Field, SecretStr

from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings, load_settings

SECRET = "s3cr3t-value"
GOOD = {
    "REFILL_PAINTING_DATABASE_URL": f"postgresql://painter:{SECRET}@127.0.0.1:5432/refill",
    "REFILL_KAFKA_BOOTSTRAP": "127.0.0.1:9092, [::1]:9093",
    "REFILL_BRUSH_KEY": SECRET,
}


class PaintingSettings(WorkerSettings):
    """A service's own settings, as billing has them."""

    database_url: DatabaseUrl = Field(validation_alias="REFILL_PAINTING_DATABASE_URL", description=DATABASE_WANTED)
    brush_key: SecretStr = Field(description="the key of the brush cupboard", min_length=8)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def _complaint() -> str:
    with pytest.raises(SettingsProblem) as raised:
        load_settings(PaintingSettings)
    assert raised.value.__cause__ is None
    return str(raised.value)


@pytest.mark.usefixtures("environment")
def test_good_settings_are_taken() -> None:
    settings = load_settings(PaintingSettings)
    assert settings.database_url.get_secret_value() == GOOD["REFILL_PAINTING_DATABASE_URL"]
    assert settings.kafka().bootstrap == ("127.0.0.1:9092", "[::1]:9093")
    assert settings.kafka().delivery_timeout_ms == 10_000


@pytest.mark.usefixtures("environment")
@pytest.mark.case(23)
def test_settings_do_not_show_their_secrets() -> None:
    assert SECRET not in repr(load_settings(PaintingSettings))


def test_every_missing_setting_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    for name in GOOD:
        environment.delenv(name)
    complaint = _complaint()
    assert complaint.startswith("3 settings are missing or wrong:")
    for name in GOOD:
        assert f"{name} is missing; wanted: " in complaint


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("REFILL_PAINTING_DATABASE_URL", f"host=127.0.0.1 password {SECRET}", "is not of the form postgresql://"),
        ("REFILL_PAINTING_DATABASE_URL", f"postgresql://u:{SECRET}@/refill", "is not of the form postgresql://"),
        ("REFILL_PAINTING_DATABASE_URL", f"mysql://u:{SECRET}@h/refill", "is not of the form postgresql://"),
        ("REFILL_KAFKA_BOOTSTRAP", SECRET, "is not a list of host:port"),
        ("REFILL_KAFKA_SECURITY_PROTOCOL", SECRET, "should be 'PLAINTEXT'"),
        ("REFILL_TOPIC_PREFIX", f"{SECRET} /", "should match pattern"),
        ("REFILL_RELAY_DELIVERY_TIMEOUT_MS", "10", "greater than or equal to 1000"),
        ("REFILL_POLL_TIMEOUT_MS", "1", "greater than or equal to 50"),
        ("REFILL_POLL_TIMEOUT_MS", SECRET, "valid integer"),
        ("REFILL_MAX_POLL_RECORDS", "1000000", "less than or equal to 5000"),
        ("REFILL_LOG_FORMAT", SECRET, "'auto', 'console' or 'json'"),
        ("REFILL_BRUSH_KEY", "short", "at least 8"),
    ],
)
@pytest.mark.case(23)
def test_a_wrong_setting_is_named_with_what_is_wrong_and_without_its_value(
    environment: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    environment.setenv(name, value)
    complaint = _complaint()
    assert complaint.startswith("1 setting is missing or wrong:")
    assert name in complaint
    assert told in complaint
    assert SECRET not in complaint


SASL = {
    "REFILL_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "REFILL_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "REFILL_KAFKA_USERNAME": "painting",
    "REFILL_KAFKA_PASSWORD": SECRET,
}


def test_a_name_and_its_password_are_taken_together(environment: pytest.MonkeyPatch) -> None:
    for name, value in SASL.items():
        environment.setenv(name, value)
    kafka = load_settings(PaintingSettings).kafka()
    assert (kafka.username, kafka.sasl_mechanism, kafka.tls) == ("painting", "SCRAM-SHA-512", None)
    for name in SASL:
        environment.delenv(name)
        assert "REFILL_KAFKA_SECURITY_PROTOCOL is" in _complaint()
        environment.setenv(name, SASL[name])


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, str]:
    """The settings of a TLS client with files that fit together."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "certificate.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    return {
        "REFILL_KAFKA_SECURITY_PROTOCOL": "SSL",
        "REFILL_KAFKA_SSL_CA_FILE": str(tmp_path / "ca.pem"),
        "REFILL_KAFKA_SSL_CERTIFICATE_FILE": str(tmp_path / "certificate.pem"),
        "REFILL_KAFKA_SSL_KEY_FILE": str(tmp_path / "key.pem"),
    }


def test_files_of_tls_are_looked_into_at_once(environment: pytest.MonkeyPatch, certificate: dict[str, str]) -> None:
    for name, value in certificate.items():
        environment.setenv(name, value)
    tls = load_settings(PaintingSettings).kafka().tls
    assert tls is not None
    context = tls.context()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"REFILL_KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"}, "SSL or SASL_SSL would use it"),
        ({"REFILL_KAFKA_SSL_CERTIFICATE_FILE": ""}, "KEY_FILE is given without REFILL_KAFKA_SSL_CERTIFICATE_FILE"),
        ({"REFILL_KAFKA_SSL_CA_FILE": SECRET}, "CA_FILE names a file that cannot be read: No such file"),
        ({"REFILL_KAFKA_SSL_KEY_FILE": SECRET}, "KEY_FILE names a file that cannot be read: No such file"),
        ({"REFILL_KAFKA_SSL_CA_FILE": __file__}, "CA_FILE names a file without a certificate in PEM"),
        ({"REFILL_KAFKA_SSL_KEY_FILE": __file__}, "no certificate in PEM with its own unencrypted key"),
        ({"REFILL_KAFKA_SSL_KEY_FILE": "another key"}, "key values mismatch"),
        ({"REFILL_KAFKA_SSL_KEY_FILE": "the key encrypted"}, "no certificate in PEM with its own unencrypted key"),
    ],
)
@pytest.mark.case(23)
def test_what_tls_cannot_take_is_said_by_the_name_of_its_setting(
    environment: pytest.MonkeyPatch, certificate: dict[str, str], tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    other = trustme.CA().issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA).private_key_pem
    other.write_to_path(tmp_path / "another key")
    key = load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    (tmp_path / "the key encrypted").write_bytes(locked)
    environment.chdir(tmp_path)
    for name, value in {**certificate, **changes}.items():
        environment.setenv(name, value)
    complaint = _complaint()
    assert told in complaint
    assert SECRET not in complaint
