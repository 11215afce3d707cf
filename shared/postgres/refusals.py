"""Why PostgreSQL does not let us in, where no waiting mends it: libpq tells every failed connection alike, in words."""

from __future__ import annotations

import re
import socket
import ssl
import struct
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

# What libpq or the server says (PostgreSQL 18, messages in English), and what it means for whoever has to mend it.
# A server that speaks another language, or a sentence that is not here, counts as weather: it is waited for, and told
# as it is when the patience ends.
_REFUSALS: Mapping[str, str] = {
    r"password authentication failed": "refuses the password of {user} (or knows no such role)",
    r"no password supplied": "wants a password of {user}, and the address has none",
    r"role \"[^\"]*\" does not exist": "knows no role {user}",
    r"is not permitted to log in": "does not let {user} log in",
    r"database \"[^\"]*\" does not exist": "has no database {dbname}",
    r"permission denied for database": "does not let {user} into database {dbname}",
    r"no pg_hba\.conf entry|pg_hba\.conf rejects": (
        "lets {user} into {dbname} by no such road (pg_hba.conf; with and without TLS are two)"
    ),
    r"requires a valid client certificate": "wants a certificate of ours (sslcert and sslkey in the address)",
    r"server does not support SSL": "speaks no TLS, and the address asks for it (sslmode)",
    r"does not match host name": "shows a certificate for another host name than {host}",
    r"root certificate file .* does not exist": "cannot be trusted: the file that sslrootcert names does not exist",
    r"could not read root certificate": "cannot be trusted: the file that sslrootcert names holds no certificate",
    r"could not (?:read|open|load) (?:certificate|private key) file|certificate present, but not private key|"
    r"private key file .* (?:has group|must be owned)|certificate does not match private key": (
        "cannot be shown our certificate: the files of sslcert and sslkey are unusable (the key for its owner alone)"
    ),
    r"SSL error: .*alert": (
        "refuses our certificate (sslcert): it has expired, or is not of an authority that the server trusts"
    ),
    r"invalid (?:sslmode|connection option|channel_binding|port|integer)|weak sslmode": (
        "cannot be asked: the address has an option that means nothing"
    ),
}
_BAD_CERTIFICATE = "certificate verify failed"
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # "SSLRequest" of the frontend/backend protocol
_LOOK_TIMEOUT_S = 5.0


def place(url: str) -> str:
    """The server and the database of an address, and nothing that is secret."""
    parts = conninfo_to_dict(url)
    return f"{parts.get('host')}:{parts.get('port') or 5432}/{parts.get('dbname')}"


def is_refusal(error: psycopg.Error) -> bool:
    """Whether another try would be refused as well."""
    return any(re.search(pattern, str(error)) for pattern in (_BAD_CERTIFICATE, *_REFUSALS))


def refusal(url: str, error: psycopg.Error, certificate_troubles: Mapping[int, str]) -> str | None:
    """What waiting will not mend, as a sentence without its end; None where this may pass by itself.

    `certificate_troubles` says what an OpenSSL number of a bad certificate means.
    """
    parts = {"user": "?", "dbname": "?", "host": "?"} | {
        name: str(value) for name, value in conninfo_to_dict(url).items() if name in ("user", "dbname", "host")
    }
    told = str(error)
    if _BAD_CERTIFICATE in told:
        return f"PostgreSQL's certificate at {place(url)} {_look_at_certificate(url, certificate_troubles)}"
    for pattern, meaning in _REFUSALS.items():
        if re.search(pattern, told):
            return f"PostgreSQL at {place(url)} {meaning.format_map(parts)}"
    return None


def _look_at_certificate(url: str, troubles: Mapping[int, str]) -> str:
    """libpq says no more than that it is bad: shake hands once more by a client that says why."""
    parts = conninfo_to_dict(url)
    unknown = "cannot be verified"
    context = ssl.create_default_context()
    context.check_hostname = False  # libpq does that itself, and says it well
    try:
        authority = parts.get("sslrootcert")
        if authority and authority != "system":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.load_verify_locations(str(authority))
        address = (str(parts.get("hostaddr") or parts["host"]), int(parts.get("port") or 5432))
        with socket.create_connection(address, timeout=_LOOK_TIMEOUT_S) as plain:
            plain.sendall(_SSL_REQUEST)
            if plain.recv(1) == b"S":
                context.wrap_socket(plain, server_hostname=str(parts["host"])).close()
    except ssl.SSLCertVerificationError as error:
        return troubles.get(error.verify_code, error.verify_message)
    except (OSError, ValueError):
        return unknown
    return unknown
