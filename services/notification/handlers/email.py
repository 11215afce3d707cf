"""The errand behind every email: look up and write inside a transaction, send outside, record inside (N3, N4, N6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notification.domain.delivery import ADDRESS_RETRY, Contact, Email, Outcome, without_sending
from services.notification.handlers import announcements
from services.notification.handlers.delivery import EMAIL_TIMER
from services.notification.handlers.tellings import ROLES_TOLD
from services.notification.letter import Letter
from services.notification.rendering import Letters, Surroundings, people_in
from services.notification.repository import NotificationRepository
from shared.messaging.work import Cause, Outgoing, Work

FAILURES: Mapping[Outcome, announcements.FailureReason] = {
    Outcome.REFUSED_BY_SERVER: "refused_by_server",
    Outcome.NO_ADDRESS: "no_address",
    Outcome.GAVE_UP: "gave_up",
}


class Postman(Protocol):
    """Who takes letters away: the mailer."""

    def send(self, letter: Letter) -> Outcome:
        """Hand over one letter. Raises `Weather` when that is impossible now."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at an email: a letter to send, or the outcome that is clear without sending."""

    email: Email
    cause: Cause
    letter: Letter | None
    outcome: Outcome | None


class EmailErrand:
    """Sends the email of a notice; the timer's ref is the notice's id.

    A process killed between the server's answer and the record sends the same letter again, under the same Message-ID.
    """

    kind = EMAIL_TIMER
    after_cold_start = True  # whom to tell and where: both may have changed during a downtime (N3)
    concurrency = 4  # a slow mail server holds up this many letters at a time, and no more of the worker

    def __init__(self, letters: Letters, postman: Postman, lease_s: int) -> None:
        """`lease_s` must be longer than the mailer's waits for the server together."""
        self.lease_s = lease_s
        self._letters = letters
        self._postman = postman

    def prepare(self, ref: str, work: Work[NotificationRepository]) -> Attempt | None:
        """Decide by what is true now, and write the letter if there is to be one."""
        repository = work.repository
        taken = repository.emails.begin_attempt(UUID(ref))
        if taken is None:
            return None
        email, cause = taken
        told = email.told
        contact = repository.contacts.of(told.user_id)
        role = repository.directory.role_of(told.workspace_id, told.user_id)
        outcome = without_sending(email, contact, role, ROLES_TOLD[told.wording], work.now)
        if outcome is not None or contact is None:
            return Attempt(email, cause, None, outcome)
        return Attempt(email, cause, self._write(email, contact, repository), None)

    def perform(self, request: Attempt) -> Outcome:
        """Hand the letter over."""
        if request.letter is not None:
            return self._postman.send(request.letter)
        assert request.outcome is not None, "without a letter the outcome is clear"
        return request.outcome

    def record(
        self, ref: str, request: Attempt, answer: Outcome, work: Work[NotificationRepository]
    ) -> Iterable[Outgoing]:
        """Write down how it ended and publish it, or wait a little longer for an address."""
        told = request.email.told
        if answer is Outcome.ADDRESS_MISSING:
            work.repository.emails.wait(told.notice_id)
            work.timers.set(self.kind, ref, work.now + ADDRESS_RETRY)
            return []
        if not work.repository.emails.end(told.notice_id, answer, work.now):
            return []
        if answer is Outcome.SENT:
            return [announcements.delivered(told, "email", request.cause)]
        reason = FAILURES.get(answer)
        return [announcements.failed(told, reason, request.cause)] if reason else []

    def _write(self, email: Email, contact: Contact, repository: NotificationRepository) -> Letter:
        told = email.told
        around = Surroundings(
            workspace_name=repository.directory.name_of(told.workspace_id),
            names=repository.contacts.names_of(people_in(told.facts)),
            request=repository.matters.request(told.workspace_id, told.about_id)
            if told.kind == "request_resolved"
            else None,
        )
        return self._letters.write(email, contact, around)
