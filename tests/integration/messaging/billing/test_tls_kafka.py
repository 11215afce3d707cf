"""Kafka over TLS, with and without a password and a certificate of ours: what works, and how the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from deploy.local.kafka import KafkaBroker
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.run_folder import RunFolder
from shared.contracts.catalog import WORKSPACE_DIRECTORY
from shared.messaging.kafka import Administrator, LogReader, Publisher
from shared.messaging.kafka.standing import Standing
from shared.messaging.log import KafkaProblem, Parcel
from shared.messaging.settings import KafkaSettings
from shared.messaging.tls import Tls
from tests.integration.messaging.billing.certificates import Certificates
from tests.integration.messaging.office.office import wait_until

pytestmark = pytest.mark.embedded("the broker of these tests has listeners of its own, which a container's has not")

# By listener: how it is spoken to, which certificate it shows, and whether it wants one of ours.
LISTENERS = {
    "PASSWORD": ("SASL_SSL", "good", "none"),
    "CERTIFICATE": ("SSL", "good", "required"),
    "ELSEWHERE": ("SSL", "elsewhere", "none"),
    "EXPIRED": ("SSL", "expired", "none"),
}


class Office:
    """A broker with a listener for each case."""

    def __init__(self, run: RunFolder) -> None:
        folder = run.path / "certificates"
        folder.mkdir()
        self.certificates = Certificates(folder)
        self.ports = {name: free_port() for name in LISTENERS}
        self.broker = KafkaBroker(run, settings=self._settings(), briefly=True)

    def at(self, listener: str, tls: Tls) -> KafkaSettings:
        """The super user at this listener."""
        protocol = LISTENERS[listener][0]
        settings = replace(
            self.broker.admin,
            bootstrap=(f"{LOOPBACK}:{self.ports[listener]}",),
            security_protocol=protocol,
            tls=tls,
        )
        return settings if protocol == "SASL_SSL" else replace(settings, sasl_mechanism=None, username=None)

    def _settings(self) -> Mapping[str, str]:
        addresses = ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in self.ports.items())
        settings = {
            "listeners": addresses,
            "advertised.listeners": addresses,
            "listener.security.protocol.map": ",".join(f"{name}:{how}" for name, (how, _, _) in LISTENERS.items()),
            "listener.name.password.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            # Whom the broker trusts as clients.
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificates.authority),
        }
        for name, (_, kind, clients) in LISTENERS.items():
            prefix = f"listener.name.{name.lower()}.ssl"
            settings[f"{prefix}.keystore.type"] = "PEM"
            settings[f"{prefix}.keystore.location"] = str(self.certificates.chain(kind))
            settings[f"{prefix}.client.auth"] = clients
        return settings


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with RunFolder.claim(f"test-tls-{free_port()}", keep=False) as run:
        made = Office(run)
        made.broker.start()
        yield made
        made.broker.stop()


def test_a_password_goes_through_tls_and_everything_works(office: Office) -> None:
    kafka = office.at("PASSWORD", Tls(office.certificates.authority))
    administrator = Administrator(kafka)
    administrator.create([replace(WORKSPACE_DIRECTORY, partitions=1)])
    administrator.close()
    publisher = Publisher(kafka, "test")
    sent = publisher.send([Parcel(WORKSPACE_DIRECTORY, b"w1", b"hello")])
    publisher.discard()
    assert sent.error is None

    reader = LogReader(kafka, [WORKSPACE_DIRECTORY.name])
    found: list[bytes | None] = []

    def read() -> bool:
        found.extend(record.value for _, record in reader.poll())
        return bool(found)

    wait_until(read, "the message")
    reader.close()
    assert found == [b"hello"]


def test_a_certificate_of_ours_is_shown_where_it_is_wanted(office: Office) -> None:
    made = office.certificates
    tls = Tls(made.authority, made.certificate("good"), made.key("good"))
    standing = Standing.of(office.at("CERTIFICATE", tls), ["some.topic"])
    # Let in, as somebody without rights: by the name in the certificate.
    assert standing.hidden == {"some.topic"}


@pytest.mark.parametrize(
    ("listener", "authority", "ours", "told"),
    [
        (
            "PASSWORD",
            "other.pem",
            None,
            "Kafka's certificate at {place} was issued by an authority that is not trusted",
        ),
        ("ELSEWHERE", "authority.pem", None, "Kafka's certificate at {place} is for other host names than the one"),
        ("EXPIRED", "authority.pem", None, "Kafka's certificate at {place} has expired: renew it"),
        ("CERTIFICATE", "authority.pem", None, "Kafka at {place} wants a certificate of ours"),
        ("CERTIFICATE", "authority.pem", "expired", "Kafka at {place} refuses our certificate"),
    ],
)
def test_what_cannot_be_trusted_is_refused_and_said(
    office: Office, listener: str, authority: str, ours: str | None, told: str
) -> None:
    made = office.certificates
    tls = Tls(made.folder / authority, made.certificate(ours) if ours else None, made.key(ours) if ours else None)
    place = f"{LOOPBACK}:{office.ports[listener]}"
    with pytest.raises(KafkaProblem) as raised:
        Standing.of(office.at(listener, tls), ["some.topic"])
    assert told.format(place=place) in str(raised.value)
    assert "REFILL_KAFKA_SSL_" in str(raised.value)


def test_a_password_where_a_certificate_is_wanted_is_told_apart(office: Office) -> None:
    kafka = replace(office.at("PASSWORD", Tls(office.certificates.authority)), sasl_mechanism=None)
    with pytest.raises(KafkaProblem, match="wants a name and a password"):
        Standing.of(replace(kafka, security_protocol="SSL"), ["some.topic"])
