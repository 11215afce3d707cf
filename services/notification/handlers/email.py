"""The errand behind every mail: look up and write inside a transaction, send outside, record inside (N3 to N6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notification.domain.delivery import ADDRESS_RETRY, Contact, Email, Outcome, Reader, without_sending
from services.notification.domain.notice import Told
from services.notification.handlers import announcements
from services.notification.handlers.delivery import EMAIL_TIMER
from services.notification.handlers.digest import DIGEST_TIMER, take_digest
from services.notification.handlers.tellings import ROLES_TOLD
from services.notification.letter import Letter
from services.notification.rendering import Letters, Surroundings, people_in
from services.notification.repository import NotificationRepository
from shared.messaging.work import Cause, Outgoing, Work

EMAILS_AT_ONCE = 4  # a mail server that answers in 0.1 s takes forty a second
DIGESTS_AT_ONCE = 2  # there is at most one in ten minutes for a person and workspace

FAILURES: Mapping[Outcome, announcements.FailureReason] = {
    Outcome.REFUSED_BY_SERVER: "refused_by_server",
    Outcome.NO_ADDRESS: "no_address",
    Outcome.GAVE_UP: "gave_up",
}


class Postman(Protocol):
    """Who takes letters away: the mailer."""

    def send(self, letter: Letter) -> Outcome:
        """Hand over one letter. Raises `Weather` when that is impossible now."""


Take = Callable[[UUID, Work[NotificationRepository]], list[tuple[Email, Cause]]]


@dataclass(frozen=True, slots=True)
class Part:
    """One notice of a mail. `outcome` is clear without sending; None: the letter tells it."""

    email: Email
    cause: Cause
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a mail: the notices that it carries, and the letter if one is to be sent."""

    parts: tuple[Part, ...]
    letter: Letter | None


class MailErrand:
    """Sends one mail: of one notice, or of all that a digest has collected; the timer's ref is its id.

    A process killed between the server's answer and the record sends the same letter again, under the same Message-ID.
    """

    after_cold_start = True  # whom to tell and where: both may have changed during a downtime (N3)

    def __init__(
        self, kind: str, take: Take, letters: Letters, postman: Postman, *, lease_s: int, concurrency: int
    ) -> None:
        """`lease_s` must be longer than the mailer's waits for the server together. A slow mail server holds up
        `concurrency` letters at a time, and no more of the worker."""
        self.kind = kind
        self.concurrency = concurrency
        self.lease_s = lease_s
        self._take = take
        self._letters = letters
        self._postman = postman

    def prepare(self, ref: str, work: Work[NotificationRepository]) -> Attempt | None:
        """Decide by what is true now, and write the letter if there is to be one."""
        taken = self._take(UUID(ref), work)
        if not taken:
            return None
        told = taken[0][0].told  # all of them are to one person about one workspace
        reader = self._reader(told, work.repository)
        parts = tuple(
            Part(email, cause, without_sending(email, reader, ROLES_TOLD[email.told.wording], work.now))
            for email, cause in taken
        )
        open_emails = [part.email for part in parts if part.outcome is None]
        if not open_emails or reader.contact is None:
            return Attempt(parts, None)
        return Attempt(parts, self._write(UUID(ref), open_emails, reader.contact, work.repository))

    def perform(self, request: Attempt) -> Outcome | None:
        """Hand the letter over; None when there is none."""
        return None if request.letter is None else self._postman.send(request.letter)

    def record(
        self, ref: str, request: Attempt, answer: Outcome | None, work: Work[NotificationRepository]
    ) -> Iterable[Outgoing]:
        """Write down how it ended and publish it, or wait a little longer for an address."""
        published: list[Outgoing] = []
        for part in request.parts:
            outcome = part.outcome or answer
            assert outcome is not None, "what is not clear without sending was sent"
            if outcome is Outcome.ADDRESS_MISSING:
                work.repository.emails.wait(part.email.told.notice_id)
                work.timers.set(self.kind, ref, work.now + ADDRESS_RETRY)
            else:
                published += self._end(part, outcome, work)
        return published

    def _end(self, part: Part, outcome: Outcome, work: Work[NotificationRepository]) -> list[Outgoing]:
        told = part.email.told
        if not work.repository.emails.end(told.notice_id, outcome, work.now):
            return []
        if outcome is Outcome.SENT:
            return [announcements.delivered(told, "email", part.cause)]
        reason = FAILURES.get(outcome)
        return [announcements.failed(told, reason, part.cause)] if reason else []

    def _reader(self, told: Told, repository: NotificationRepository) -> Reader:
        return Reader(
            contact=repository.contacts.of(told.user_id),
            role=repository.directory.role_of(told.workspace_id, told.user_id),
            by_email=repository.preferences.wants_email(told.user_id, told.kind),
        )

    def _write(
        self, letter_id: UUID, emails: Sequence[Email], contact: Contact, repository: NotificationRepository
    ) -> Letter:
        told = emails[0].told
        around = Surroundings(
            workspace_name=repository.directory.name_of(told.workspace_id),
            names=repository.contacts.names_of({person for email in emails for person in people_in(email.told.facts)}),
            request=repository.matters.request(told.workspace_id, told.about_id)
            if told.kind == "request_resolved"
            else None,
            unsubscribe_token=repository.preferences.token_for_a_mail(told.user_id),
        )
        return self._letters.write(letter_id, emails, contact, around)


def take_email(notice_id: UUID, work: Work[NotificationRepository]) -> list[tuple[Email, Cause]]:
    """The one email of a notice; none when it has come to its end already."""
    taken = work.repository.emails.begin_attempt(notice_id)
    return [] if taken is None else [taken]


def mail_errands(letters: Letters, postman: Postman, lease_s: int) -> tuple[MailErrand, MailErrand]:
    """Mails of one notice each, and digests."""
    return (
        MailErrand(EMAIL_TIMER, take_email, letters, postman, lease_s=lease_s, concurrency=EMAILS_AT_ONCE),
        MailErrand(DIGEST_TIMER, take_digest, letters, postman, lease_s=lease_s, concurrency=DIGESTS_AT_ONCE),
    )
