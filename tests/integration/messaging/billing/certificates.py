"""Certificates of a test's own authority: good, for another host, expired; and another authority that nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

HOST = "127.0.0.1"
# By what they are: whose name is in them, and how long they hold from now.
KINDS = {"good": (HOST, 1), "elsewhere": ("db.example.com", 1), "expired": (HOST, -1)}


class Certificates:
    """Files in PEM in a folder. `chain` has certificate and key in one text, as a server takes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        authority = trustme.CA()
        self.authority = self._write("authority.pem", authority.cert_pem.bytes())
        self.other_authority = self._write("other.pem", trustme.CA().cert_pem.bytes())
        now = datetime.now(UTC)
        self.issued = {
            kind: authority.issue_cert(
                host, common_name=kind, not_before=now - timedelta(days=3), not_after=now + timedelta(days=days)
            )
            for kind, (host, days) in KINDS.items()
        }

    def chain(self, kind: str) -> Path:
        """Key and certificate in one file."""
        return self._write(f"{kind}-chain.pem", self._key(kind) + self.issued[kind].cert_chain_pems[0].bytes())

    def certificate(self, kind: str) -> Path:
        return self._write(f"{kind}.pem", self.issued[kind].cert_chain_pems[0].bytes())

    def key(self, kind: str) -> Path:
        return self._write(f"{kind}-key.pem", self._key(kind))

    def _key(self, kind: str) -> bytes:
        """In PKCS #8, the one form that Java reads."""
        key = load_pem_private_key(self.issued[kind].private_key_pem.bytes(), None)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(content)
        return path
