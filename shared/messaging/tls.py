"""What a TLS connection to Kafka is made with: whom we trust, and who we are. The host's name is always checked."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CA = "REFILL_KAFKA_SSL_CA_FILE"
CERTIFICATE = "REFILL_KAFKA_SSL_CERTIFICATE_FILE"
KEY = "REFILL_KAFKA_SSL_KEY_FILE"

# What is wrong with a server's certificate, by OpenSSL's number (x509_vfy.h), and what to do.
_NOT_TRUSTED = "was issued by an authority that is not trusted here: one of the two is the wrong one"
_OTHER_NAME = "is for other host names than the one it was reached by: have one issued for it, or use its name"
CERTIFICATE_TROUBLES: Mapping[int, str] = {
    9: "is not valid yet: the clock of this machine or of the issuer is wrong",
    10: "has expired: renew it (or this machine's clock is far ahead)",
    18: _NOT_TRUSTED,
    19: _NOT_TRUSTED,
    20: _NOT_TRUSTED,
    21: _NOT_TRUSTED,
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}


class UnusableFile(ValueError):
    """A file that the settings name and TLS cannot take: which and why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM. Without `ca` the machine's own authorities are trusted, without `certificate` we show none. The
    `key` may be left out where the certificate's file holds it too.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises `UnusableFile`. The files are read each time: a renewed certificate is taken by the next client."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # older ones are broken; Kafka 4 speaks 1.2 and 1.3
        if self.ca is None:
            context.load_default_certs()
        else:
            self._trust(context, self.ca)
        if self.certificate is not None:
            self._prove(context, self.certificate)
        return context

    def _trust(self, context: ssl.SSLContext, ca: Path) -> None:
        _check_readable(CA, ca)
        try:
            context.load_verify_locations(ca)
        except ssl.SSLError:
            raise UnusableFile(f"{CA} names a file without a certificate in PEM") from None

    def _prove(self, context: ssl.SSLContext, certificate: Path) -> None:
        _check_readable(CERTIFICATE, certificate)
        if self.key is not None:
            _check_readable(KEY, self.key)
        try:
            # A password that fits nothing: without any, an encrypted key has OpenSSL ask for one at the terminal.
            context.load_cert_chain(certificate, self.key, password="")
        except ssl.SSLError as error:
            why = (error.reason or "unreadable").replace("_", " ").lower()
            files = f"{CERTIFICATE} and {KEY}" if self.key else CERTIFICATE
            raise UnusableFile(f"{files}: no certificate in PEM with its own unencrypted key ({why})") from None


def _check_readable(variable: str, path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise UnusableFile(f"{variable} names a file that cannot be read: {error.strerror}") from None
