"""PostgreSQL over TLS, by the connection string alone: the right authority works, and whatever is wrong is said."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from shared.messaging.clock import SystemClock
from shared.messaging.preconditions import PostgresLook, Trouble
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.messaging.settings import load_settings
from shared.postgres.migrations import migrate
from shared.postgres.pool import Database as Connections
from tests.integration.messaging.billing.__main__ import greeter
from tests.integration.messaging.billing.certificates import Certificates
from tests.integration.messaging.billing.process import ROOT
from tests.integration.messaging.billing.settings import GreeterSettings
from tests.integration.messaging.billing.tls_front import TlsFront
from tests.stack.database import Database

VARIABLE = "REFILL_BILLING_DATABASE_URL"


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


@pytest.fixture
def migrated(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    home = ROOT / "tests" / "integration" / "messaging" / "billing" / "migrations"
    migrate(database.migrator_url("billing"), "billing", (RUNTIME_MIGRATIONS, home))
    monkeypatch.setenv("REFILL_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    monkeypatch.setenv("REFILL_GREETER_JOURNAL", "unused")
    return database


def _address(database: Database, front: TlsFront, options: str) -> str:
    parts = conninfo_to_dict(database.worker_url("billing")) | {"port": front.port}
    return "postgresql://{user}:{password}@{host}:{port}/{dbname}".format_map(parts) + f"?{options}"


def _look(url: str, monkeypatch: pytest.MonkeyPatch) -> list[Trouble]:
    monkeypatch.setenv(VARIABLE, url)
    settings = load_settings(GreeterSettings)
    return PostgresLook(greeter(settings), settings.database_url.get_secret_value(), VARIABLE, SystemClock()).troubles()


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_the_right_authority_works(
    migrated: Database, certificates: Certificates, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    with closing(TlsFront(migrated.superuser_url, certificates.chain("good"))) as front:
        url = _address(migrated, front, f"sslmode={mode}&sslrootcert={certificates.authority}")
        assert _look(url, monkeypatch) == []
        with Connections(url, "test").connect() as connection:
            assert connection.pgconn.ssl_in_use


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        (
            "good",
            "sslmode=verify-full&sslrootcert={folder}/other.pem",
            "PostgreSQL's certificate at {place} was issued by an authority that is not trusted here",
        ),
        (
            "elsewhere",
            "sslmode=verify-full&sslrootcert={folder}/authority.pem",
            "PostgreSQL at {place} shows a certificate for another host name than 127.0.0.1",
        ),
        (
            "expired",
            "sslmode=verify-full&sslrootcert={folder}/authority.pem",
            "PostgreSQL's certificate at {place} has expired: renew it",
        ),
        (
            "expired",
            "sslmode=verify-ca&sslrootcert={folder}/authority.pem",
            "PostgreSQL's certificate at {place} has expired: renew it",
        ),
        (
            "good",
            "sslmode=verify-full&sslrootcert={folder}/nowhere.pem",
            "PostgreSQL at {place} cannot be trusted: the file that sslrootcert names does not exist",
        ),
        ("good", "sslmode=verify-everything", "PostgreSQL at {place} cannot be asked: the address has an option"),
    ],
)
def test_what_cannot_be_trusted_is_refused_and_said(
    migrated: Database,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    options: str,
    told: str,
) -> None:
    with closing(TlsFront(migrated.superuser_url, certificates.chain(kind))) as front:
        url = _address(migrated, front, options.format(folder=certificates.folder))
        (trouble,) = _look(url, monkeypatch)
        assert told.format(place=f"127.0.0.1:{front.port}/{migrated.name}") in trouble.sentence
        assert f"see {VARIABLE}" in trouble.sentence
        assert not trouble.passes
        assert str(conninfo_to_dict(url)["password"]) not in trouble.sentence
