"""MailDev as its REST API shows it: the mails that it took in."""

import json
import urllib.request
from typing import Any

from deploy.local.mailbox import Mail

TIMEOUT_S = 10


class MailDev:
    """Reads each mail once: a mail that has arrived does not change."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[str, Mail] = {}

    def mails(self) -> list[Mail]:
        """What arrived so far, in the order of arrival. Raises OSError while MailDev does not answer."""
        listed: list[dict[str, Any]] = json.loads(self._get("/api/email"))
        for told in listed:
            if told["id"] not in self._known:
                envelope = told["envelope"]
                self._known[told["id"]] = Mail(
                    raw=self._get(f"/api/email/{told['id']}/download"),
                    sender=envelope["from"]["address"],
                    recipients=tuple(each["address"] for each in envelope["to"]),
                )
        return [self._known[told["id"]] for told in sorted(listed, key=lambda told: str(told["time"]))]

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self._url + path, timeout=TIMEOUT_S) as answer:  # noqa: S310  # our own address
            body: bytes = answer.read()
        return body
