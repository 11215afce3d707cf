"""A plain conversation with one broker, to hear what the client keeps to itself: it calls every trouble a time-out."""

from __future__ import annotations

import socket
import ssl
from contextlib import AbstractContextManager

from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.metadata import ApiVersionsRequest
from kafka.protocol.parser import KafkaProtocol
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest

from shared.messaging.failures import Weather
from shared.messaging.kafka.connection import kafka_errors
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings
from shared.messaging.tls import CA, CERTIFICATE, CERTIFICATE_TROUBLES

ANSWER_TIMEOUT_S = 5.0  # each answer takes milliseconds; a broker under load may take its time
CLIENT = "refill-check"

# Error codes of the protocol ("Apache Kafka protocol guide").
NO_ERROR, SASL_NOT_HERE = 0, 34
PROTOCOL = "REFILL_KAFKA_SECURITY_PROTOCOL"


class Dialogue(AbstractContextManager["Dialogue"]):
    """Connected and, where settings say so, authenticated by these settings. One thread; close it, or use `with`."""

    def __init__(self, settings: KafkaSettings, server: str) -> None:
        """Raises Weather when nobody answers there, KafkaProblem for what no waiting mends: each a whole sentence."""
        self._settings = settings
        self.server = server
        self._protocol = KafkaProtocol(client_id=CLIENT)
        self._socket = self._connected()
        try:
            self.ask(ApiVersionsRequest(version=3, client_software_name=CLIENT, client_software_version="1"))
            self._prove_the_name()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def ask(self, request: ApiMessage) -> ApiMessage:
        """The answer to a request whose version is given."""
        try:
            self._protocol.send_request(request)
            self._socket.sendall(self._protocol.send_bytes())
            while True:
                received = self._socket.recv(65_536)
                if not received:
                    raise Weather(self._not_as_kafka("it closed the connection"))
                for _, answer in self._protocol.receive_bytes(received):
                    return answer
        except ssl.SSLError as error:
            raise self._refused_by_tls(error) from None
        except TimeoutError:
            raise Weather(f"{self.server} does not answer within {ANSWER_TIMEOUT_S:.0f} s") from None
        except OSError as error:
            raise Weather(f"{self.server} broke the connection: {error.strerror}") from None
        except kafka_errors.KafkaError:
            raise KafkaProblem(self._not_as_kafka("its answer makes no sense")) from None

    def _connected(self) -> socket.socket:
        host, _, port = self.server.rpartition(":")
        host = host.strip("[]")
        try:
            plain = socket.create_connection((host, int(port)), timeout=ANSWER_TIMEOUT_S)
        except OSError as error:
            why = "the host is not known" if isinstance(error, socket.gaierror) else "nobody listens"
            raise Weather(f"{why} at {self.server}: is Kafka running, and REFILL_KAFKA_BOOTSTRAP right?") from None
        if self._settings.tls is None:
            return plain
        try:
            return self._settings.tls.context().wrap_socket(plain, server_hostname=host)
        except ssl.SSLError as error:
            plain.close()
            raise self._refused_by_tls(error) from None
        except OSError:
            plain.close()
            raise Weather(self._not_as_kafka("it broke off the TLS handshake")) from None

    def _refused_by_tls(self, error: ssl.SSLError) -> KafkaProblem:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = CERTIFICATE_TROUBLES.get(error.verify_code, error.verify_message)
            return KafkaProblem(f"Kafka's certificate at {self.server} {why} (authority: {CA})")
        reason = (error.reason or "").replace("_", " ").lower()
        if "alert" not in reason:
            return KafkaProblem(self._not_as_kafka(f"it speaks no TLS ({reason})"))
        if self._settings.tls is None or self._settings.tls.certificate is None:
            return KafkaProblem(f"Kafka at {self.server} wants a certificate of ours ({reason}): set {CERTIFICATE}")
        return KafkaProblem(
            f"Kafka at {self.server} refuses our certificate ({reason}): {CERTIFICATE} has expired, or is not of an "
            "authority that Kafka trusts"
        )

    def _prove_the_name(self) -> None:
        mechanism = self._settings.sasl_mechanism
        # Where we have no name to prove, the broker is asked all the same: one that wants it would only hang up later.
        answer = self.ask(SaslHandshakeRequest(version=1, mechanism=mechanism or "PLAIN"))
        offered = ", ".join(answer.mechanisms) or "none"
        if answer.error_code == SASL_NOT_HERE:
            if mechanism:
                raise KafkaProblem(f"Kafka at {self.server} takes no name and password there: set {PROTOCOL} otherwise")
        elif not mechanism:
            raise KafkaProblem(
                f"Kafka at {self.server} wants a name and a password (by {offered}): set {PROTOCOL}, "
                "REFILL_KAFKA_SASL_MECHANISM, REFILL_KAFKA_USERNAME and REFILL_KAFKA_PASSWORD"
            )
        elif answer.error_code != NO_ERROR:
            raise KafkaProblem(
                f"Kafka at {self.server} takes no {mechanism}: REFILL_KAFKA_SASL_MECHANISM may be {offered}"
            )
        else:
            self._authenticate(mechanism)

    def _authenticate(self, name: str) -> None:
        settings = self._settings
        password = settings.password.get_secret_value() if settings.password else ""
        mechanism = get_sasl_mechanism(name)(
            security_protocol=settings.security_protocol,
            sasl_mechanism=name,
            sasl_plain_username=settings.username or "",
            sasl_plain_password=password,
        )
        first = True
        while not mechanism.is_done():
            answer = self.ask(SaslAuthenticateRequest(version=1, auth_bytes=mechanism.auth_bytes()))
            if answer.error_code != NO_ERROR:
                raise KafkaProblem(self._who_is_refused(unknown=first and name.startswith("SCRAM")))
            try:
                mechanism.receive(answer.auth_bytes)
            except ValueError:
                raise KafkaProblem(
                    f"{self.server} does not know {settings.username}'s password itself: it is not our Kafka"
                ) from None
            first = False

    def _who_is_refused(self, *, unknown: bool) -> str:
        """SCRAM's first answer is refused for a name that has no password, its second one for a wrong password."""
        who = self._settings.username
        where = f"Kafka at {self.server}"
        if unknown:
            trouble = f"{where} knows no user {who}: REFILL_KAFKA_USERNAME is wrong, or nobody made that user"
        else:
            trouble = f"{where} refuses the password of {who}: REFILL_KAFKA_PASSWORD is wrong or outdated"
        return f"{trouble} (`python -m deploy.kafka.access apply` makes users and sets their passwords)"

    def _not_as_kafka(self, why: str) -> str:
        return (
            f"{self.server} answers, but not as Kafka over {self._settings.security_protocol} ({why}): "
            f"{PROTOCOL} or REFILL_KAFKA_BOOTSTRAP is wrong"
        )
