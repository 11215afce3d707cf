"""The mail sink keeps what arrives as it arrived, and can play the mail servers of a bad day."""

import smtplib
from collections.abc import Iterator

import pytest

from deploy.local.mailbox import Mailbox
from deploy.local.run_folder import RunFolder

pytestmark = pytest.mark.embedded(
    "the mail server of the embedded stack, which containers' tests have as their witness too"
)

MAIL = (
    b"From: credits@refill.test\r\nTo: ada@example.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n.dot first\r\n"
)


@pytest.fixture
def mailbox(run_folder: RunFolder) -> Iterator[Mailbox]:
    made = Mailbox(run_folder, run_folder.path)
    made.server.start()
    yield made
    made.server.stop()


def send(mailbox: Mailbox, *recipients: str, timeout_s: float = 20) -> None:
    with smtplib.SMTP("127.0.0.1", mailbox.server.port, timeout=timeout_s) as client:
        client.sendmail("credits@refill.test", recipients or ["ada@example.test"], MAIL)


def test_a_mail_is_kept_byte_for_byte_with_its_envelope(mailbox: Mailbox) -> None:
    send(mailbox, "ada@example.test", "bob@example.test")

    [mail] = mailbox.mails()
    assert mail.raw == MAIL
    assert (mail.sender, mail.recipients) == ("credits@refill.test", ("ada@example.test", "bob@example.test"))
    assert mail.message["Subject"] == "Grüße"


def test_mails_are_kept_in_the_order_of_their_arrival_over_a_restart(mailbox: Mailbox) -> None:
    send(mailbox, "one@example.test")
    port = mailbox.server.port
    mailbox.server.kill()
    mailbox.server.start()
    send(mailbox, "two@example.test")

    assert mailbox.server.port == port
    assert [mail.recipients for mail in mailbox.mails()] == [("one@example.test",), ("two@example.test",)]


@pytest.mark.parametrize(("mood", "code"), [("refuse", 451), ("reject", 550)])
def test_it_refuses_when_told_to_and_takes_mail_again_after(mailbox: Mailbox, mood: str, code: int) -> None:
    mailbox.behave(mood)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(mailbox)
    assert refused.value.recipients["ada@example.test"][0] == code
    assert mailbox.mails() == []

    mailbox.behave("accept")
    send(mailbox)
    assert len(mailbox.mails()) == 1


@pytest.mark.parametrize(("mood", "kept"), [("hang", 0), ("hang-after", 1)])
def test_it_hangs_when_told_to(mailbox: Mailbox, mood: str, kept: int) -> None:
    mailbox.behave(mood)

    with pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"):
        send(mailbox, timeout_s=1)

    assert len(mailbox.mails()) == kept


def test_a_dead_server_refuses_connections(mailbox: Mailbox) -> None:
    mailbox.server.kill()

    with pytest.raises(ConnectionRefusedError):
        send(mailbox)
