"""Hands letters to the mail server: the one place that speaks SMTP."""

from __future__ import annotations

import contextlib
import math
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy

from services.notification.domain.delivery import Outcome
from services.notification.letter import Letter
from shared.messaging.failures import Weather

# From 500 on the server says "never"; below it says "not now" (RFC 5321, 4.2.1).
PERMANENT = 500


# Connecting, greeting, EHLO, MAIL, RCPT, DATA, the letter, its answer, RSET and QUIT: each may take the whole time-out.
WAITS = 10


UNSUBSCRIBE = "List-Unsubscribe"


class _LinksUnbroken(EmailPolicy):
    """A link stays as it is: the library would break one of more than 76 characters into encoded words, which no mail
    program reads as a link. The line may have 998 (RFC 5322, 2.1.1)."""

    def fold(self, name: str, value: str) -> str:
        """The header as lines of text."""
        return f"{name}: {value}\r\n" if name == UNSUBSCRIBE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as lines of bytes."""
        return self.fold(name, value).encode("ascii") if name == UNSUBSCRIBE else super().fold_binary(name, value)


POLICY = _LinksUnbroken(linesep="\r\n")  # as SMTP wants line ends


class UnusableAddress(Exception):
    """What stands in the contact is not one plain address."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """A mail server and the address that letters come from. `timeout_s` bounds each wait for the server's next word."""

    host: str
    port: int
    sender: str
    timeout_s: float

    @property
    def longest_s(self) -> int:
        """How long one letter can take, at most: every wait as long as it may be."""
        return math.ceil(WAITS * self.timeout_s)

    def send(self, letter: Letter) -> Outcome:
        """Hand over one letter. Returns SENT, or why the server or the address will never take it.

        Raises `Weather` when the server is away, busy or says "not now". Neither address nor the server's words, which
        may quote it, are part of that: it is logged.
        """
        try:
            message = compose(letter, self.sender)
        except UnusableAddress:
            return Outcome.NO_ADDRESS
        try:
            with self._connection() as server:
                # Sender and recipient are named here: what the headers say decides nothing.
                server.send_message(message, from_addr=self.sender, to_addrs=[letter.address])
        except smtplib.SMTPRecipientsRefused as error:
            ((code, _),) = error.recipients.values()
            return _refused_or_weather("the recipient", code)
        except smtplib.SMTPDataError as error:
            return _refused_or_weather("the letter", error.smtp_code)
        except smtplib.SMTPNotSupportedError:
            return Outcome.REFUSED_BY_SERVER  # an address beyond ASCII, at a server that cannot write it
        except smtplib.SMTPResponseException as error:
            # Greeting, EHLO or our own sender refused: about the server or our settings, not about this person.
            raise Weather(f"the mail server answered {error.smtp_code} before it heard of a recipient") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Weather(f"the mail server cannot be spoken to: {type(error).__name__}") from None
        return Outcome.SENT

    @contextlib.contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        # Named here, as smtplib would ask the resolver for this machine's name and wait for it.
        name = self.sender.rpartition("@")[2]
        server = smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=self.timeout_s)
        try:
            yield server
            # The letter is the server's by now: a goodbye that fails must not make it look unsent.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The message: plain text and HTML of the same words, to one address.

    Raises `UnusableAddress` when the contact's address is not one plain address (two, or a header in disguise).
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(addr_spec=sender)
    # Never a string: `To: "a@b.c, d@e.f"` would be two recipients.
    message["To"] = _one_address(letter.address)
    message["Subject"] = letter.subject
    message["Date"] = letter.written_at
    message["Message-ID"] = f"<{letter.letter_id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    message[UNSUBSCRIBE] = f"<{letter.unsubscribe_url}>"  # RFC 2369
    if letter.unsubscribe_url.startswith("https:"):
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058, which wants HTTPS
    # Quoted-printable in both parts: every server carries it, whether or not it takes 8-bit text.
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message


def is_one_address(text: str) -> bool:
    """Whether this is one plain address: no name, no second one, no header in disguise."""
    try:
        _one_address(text)
    except UnusableAddress:
        return False
    return True


def _one_address(text: str) -> Address:
    try:
        address = Address(addr_spec=text)
    except (ValueError, MessageError, IndexError) as error:
        raise UnusableAddress from error
    # What the parser reads around (comments, spaces, quotes) has no place in what goes over the wire.
    if address.addr_spec != text or not text.isprintable() or any(character.isspace() for character in text):
        raise UnusableAddress
    return address


def _refused_or_weather(what: str, code: int) -> Outcome:
    if code >= PERMANENT:
        return Outcome.REFUSED_BY_SERVER
    raise Weather(f"the mail server does not take {what} now: {code}")
