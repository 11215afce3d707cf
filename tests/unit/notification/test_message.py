"""The message of bytes: one recipient, stable identity, and nothing of a name in a header of its own."""

from __future__ import annotations

import email
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import pytest

from services.notification.letter import Letter
from services.notification.mailer import UnusableAddress, compose, is_one_address
from tests.unit.notification.events import NOW

SENDER = "credits@refill.test"
LINK = (
    "https://console.refill.test/unsubscribe?user=adam&kind=top_up_requested&token=00000000-0000-4000-8000-000000000001"
)
LETTER = Letter(UUID(int=7), "adam@acme.example", NOW, "Größe “x”", "Text é\n", "<p>Text é</p>\n", LINK)
HEADERS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
]


def _sent(letter: Letter) -> EmailMessage:
    return email.message_from_bytes(compose(letter, SENDER).as_bytes(), policy=default)


@pytest.mark.rule("N4")
def test_a_letter_written_twice_has_the_same_identity() -> None:
    first, second = _sent(LETTER), _sent(LETTER)
    assert first["Message-ID"] == second["Message-ID"] == "<00000000-0000-0000-0000-000000000007@refill.test>"
    assert first["Date"] == second["Date"]


def test_a_message_has_both_parts_and_says_a_machine_wrote_it() -> None:
    message = _sent(LETTER)
    assert message.keys() == HEADERS
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content() for part in message.iter_parts()] == ["Text é\r\n", "<p>Text é</p>\r\n"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Größe “x”"
    assert compose(LETTER, SENDER).as_bytes().isascii()


@pytest.mark.rule("N2")
def test_a_mail_program_can_end_such_mails_by_one_click_over_https_only() -> None:
    message = _sent(LETTER)
    assert message["List-Unsubscribe"] == f"<{LINK}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"List-Unsubscribe: <{LINK}>\r\n".encode() in compose(LETTER, SENDER).as_bytes()  # not broken into pieces
    plain = _sent(replace(LETTER, unsubscribe_url="http://127.0.0.1/unsubscribe"))
    assert plain["List-Unsubscribe"] == "<http://127.0.0.1/unsubscribe>"
    assert "List-Unsubscribe-Post" not in plain


def test_lines_stay_within_what_mail_servers_carry() -> None:
    letter = replace(LETTER, subject="ü" * 150, text="y" * 5_000, html="z" * 5_000)
    assert all(len(line) <= 998 for line in compose(letter, SENDER).as_bytes().split(b"\r\n"))
    assert _sent(letter)["Subject"] == "ü" * 150


@pytest.mark.case(24)
@pytest.mark.parametrize("injected", ["x\r\nBcc: evil@x.test", "x\nBcc: evil@x.test", "x\rBcc: evil@x.test"])
def test_a_subject_with_a_line_break_is_refused_rather_than_sent(injected: str) -> None:
    with pytest.raises(ValueError, match="may not contain linefeed"):
        compose(replace(LETTER, subject=injected), SENDER)


@pytest.mark.case(24)
@pytest.mark.parametrize(
    "address",
    [
        "a@b.c, evil@x.test",
        "a@b.c; evil@x.test",
        "a@b.c\r\nBcc: evil@x.test",
        "a@b.c\nRCPT TO:<evil@x.test>",
        "Adam <a@b.c>",
        "<a@b.c>",
        "a(evil@x.test)@b.c",
        '"a b"@b.c',
        "a@b.c ",
        "a@b.c\x00",
        "a@b.c\u2028Bcc: x@y.z",
        "a@",
        "@b.c",
        "plain",
        "",
    ],
)
def test_only_one_plain_address_is_a_recipient(address: str) -> None:
    assert not is_one_address(address)
    with pytest.raises(UnusableAddress):
        compose(replace(LETTER, address=address), SENDER)


@pytest.mark.parametrize("address", ["a@b.c", "a.b+tag@sub.example.co.uk", "o'neil@example.org", "a@[127.0.0.1]"])
def test_ordinary_addresses_are_recipients(address: str) -> None:
    assert is_one_address(address)
    assert _sent(replace(LETTER, address=address))["To"] == address
