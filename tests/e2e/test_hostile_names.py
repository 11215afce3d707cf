"""Names hold whatever people type. Letters arrive whole, at their person alone, and nothing of a name comes alive."""

from __future__ import annotations

from email.message import EmailMessage
from functools import partial
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from deploy.local.mailbox import Mail
from shared.contracts.notification import NoticeDelivered
from shared.contracts.top_up_commands import RequestTopUp
from shared.contracts.top_up_events import PurchaseAccepted, TopUpRequested
from tests.e2e.town import PACKAGE, Household, Town, purchase_command
from tests.e2e.waiting import wait_until

pytestmark = [pytest.mark.case(24), pytest.mark.rule("N1")]

# What people typed, and how it begins where it is shown.
NAMES = {
    "line breaks and headers": ("Acme\r\nBcc: evil@attacker.test\r\n\r\nX-Injected: yes", "Acme Bcc: evil@"),
    "a line feed": ("Acme\nSubject: You won\nTo: evil@attacker.test", "Acme Subject: You won To:"),
    "markup": ("<script>alert(1)</script><img src=x onerror=alert(1)>", "<script>alert(1)</script>"),
    "a link": ("<a href='https://attacker.test'>Pay here</a>", "<a href='https://attacker.test'>"),
    "a template": ("{{ 7 * 7 }}{% for x in range(9) %}evil{% endfor %}", "{{ 7 * 7 }}{% for"),
    "addresses": ('"Acme" <evil@attacker.test>, evil@attacker.test', '"Acme" <evil@attacker.test>,'),
    "other scripts": ("Ärgernis 株式会社 🦊", "Ärgernis 株式会社 🦊"),
    "10,000 characters": ("N" * 10_000, "N" * 30),
    "10,000 wide characters": ("株" * 10_000, "株" * 30),
}
LETTERS = {"owner": 2, "admin": 1}  # the request goes to both, the receipt to the buyer
LINE_BYTES = 998  # RFC 5322, 2.1.1: longer lines are cut or refused on their way


class _Page(HTMLParser):
    """The tags and links of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.hosts: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.hosts |= {(value or "").split("/")[2] for name, value in attributes if name in ("href", "src")}


@pytest.fixture(scope="module")
def plain(town: Town) -> dict[str, _Page]:
    """The same letters in a household of harmless names, by subject's kind."""
    home = town.household(workspace_name="Acme", person_name="Ada")
    return {kind: _Page(_body(mail.message, "html")) for kind, mail in _letters(town, home).items()}


@pytest.mark.parametrize("what", NAMES)
def test_a_hostile_name_arrives_as_text_and_changes_nothing_else(
    town: Town, plain: dict[str, _Page], what: str
) -> None:
    name, beginning = NAMES[what]
    home = town.household(workspace_name=name, person_name=name)

    letters = _letters(town, home)

    for kind, mail in letters.items():
        message = mail.message
        page = _body(message, "html")
        assert beginning in _body(message, "plain")
        assert _Page(page).tags == plain[kind].tags
        assert _Page(page).hosts == plain[kind].hosts
        assert [address.addr_spec for address in message["to"].addresses] == list(mail.recipients)
        assert not {header.lower() for header in message} & {"bcc", "cc", "x-injected"}
        assert len(message.get_all("subject", [])) == len(message.get_all("to", [])) == 1
        assert max(map(len, mail.raw.splitlines())) <= LINE_BYTES
    assert _to(town, "evil@attacker.test") == []


def _letters(town: Town, home: Household) -> dict[str, Mail]:
    """Let the editor ask and the owner buy. The letters of that, by reader and place."""
    request = RequestTopUp(
        workspace_id=home.name, actor_id=home.person("editor"), request_id=str(uuid4()), package_id=PACKAGE
    )
    assert isinstance(town.ask(request, TopUpRequested), TopUpRequested)
    for role in LETTERS:
        _told(town, home.person(role), "top_up_requested")
    town.ask(purchase_command(home, town.quote(home)), PurchaseAccepted)
    _told(town, home.person("owner"), "purchase_receipt")
    for role, number in LETTERS.items():
        wait_until(partial(_have, town, home.address(role), number), f"the {role}'s letters are there")
    return {
        f"{role}, {number}": mail for role in LETTERS for number, mail in enumerate(_to(town, home.address(role)), 1)
    }


def _have(town: Town, address: str, number: int) -> bool:
    return len(_to(town, address)) >= number


def _to(town: Town, address: str) -> list[Mail]:
    return [mail for mail in town.world.mailbox.mails() if address in mail.recipients]


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())


def _told(town: Town, person: str, kind: str) -> None:
    town.witness.wait(
        NoticeDelivered,
        lambda notice: (notice.user_id, notice.kind, notice.channel) == (person, kind, "email"),
        f"{person} is told of {kind}",
        timeout_s=60,
    )
