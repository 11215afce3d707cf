"""Emails, handed to a real SMTP server: to whom, once, and what each answer of the server leads to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from deploy.local.mail_sink import ACCEPT, HANG, HANG_AFTER, REFUSE, REJECT
from deploy.local.mailbox import Mailbox
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.run_folder import RunFolder
from services.notification.domain.delivery import ADDRESS_AWAITED, ADDRESS_RETRY
from services.notification.domain.notice import MAILED_WITHIN
from services.notification.mailer import Mailer
from shared.contracts.notification import NoticeDelivered, NoticeFailed
from shared.messaging.failures import Weather
from tests.integration.notification.stand import Stand, erased, event, removed
from tests.unit.notification import events
from tests.unit.notification.events import NOW, ROLES

SENDER = "credits@refill.test"


@pytest.fixture
def mailbox(run_folder: RunFolder) -> Iterator[Mailbox]:
    """A mail server that keeps what it gets."""
    made = Mailbox(run_folder, run_folder.path)
    made.server.start()
    yield made
    made.server.stop()


@pytest.fixture
def mailer(mailbox: Mailbox) -> Mailer:
    return Mailer(LOOPBACK, mailbox.server.port, SENDER, timeout_s=5)


@pytest.fixture
def asked(stand: Stand) -> Stand:
    """Erin has asked; nothing is mailed yet."""
    stand.receive(*events.directory(), events.requested())
    return stand


def _failures(stand: Stand) -> list[tuple[str, str]]:
    return [(message.user_id, message.reason) for message in stand.published if isinstance(message, NoticeFailed)]


@pytest.mark.rule("N1", "N4")
def test_each_email_goes_to_one_person_and_is_published(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    asked.run_emails(mailer)
    mails = {mail.recipients: mail for mail in mailbox.mails()}
    assert set(mails) == {("olivia@acme.example",), ("adam@acme.example",)}
    told = asked.told("adam")[0]
    message = mails["adam@acme.example",].message
    assert message["To"] == "adam@acme.example"
    assert message["Message-ID"] == f"<{told.notice_id}@refill.test>"
    assert message["Subject"] == "Erin asks for 12,000 credits in Acme"
    by_email = [one for one in asked.published if isinstance(one, NoticeDelivered) and one.channel == "email"]
    assert {one.user_id for one in by_email} == {"olivia", "adam"}
    assert [delivery.state for delivery in asked.emails("adam")] == ["sent"]


@pytest.mark.rule("N4")
def test_an_email_that_was_sent_is_not_due_again(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    asked.run_emails(mailer)
    asked.wait(timedelta(days=1))
    asked.run_emails(mailer)
    assert len(mailbox.mails()) == 2


@pytest.mark.rule("N3")
def test_the_address_is_the_one_known_when_the_email_goes_out(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    asked.receive(events.contact("adam", email="adam@new.example", version=2))
    asked.run_emails(mailer)
    assert ("adam@new.example",) in {mail.recipients for mail in mailbox.mails()}


@pytest.mark.rule("N3")
def test_who_lost_the_role_before_the_email_went_out_gets_none(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    asked.receive(removed("acme/adam"))
    asked.run_emails(mailer)
    assert [mail.recipients for mail in mailbox.mails()] == [("olivia@acme.example",)]
    assert [delivery.state for delivery in asked.emails("adam")] == ["dropped"]
    assert _failures(asked) == []


@pytest.mark.rule("N6")
def test_a_server_that_says_not_now_is_asked_again(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    mailbox.behave(REFUSE)
    with pytest.raises(Weather, match="does not take the recipient now: 451"):
        asked.run_emails(mailer)
    assert [delivery.state for delivery in asked.emails("adam") + asked.emails("olivia")].count("sent") == 0
    assert asked.wordings("adam") == ["top_up_requested"]
    assert _failures(asked) == []


@pytest.mark.rule("N6")
def test_a_server_that_says_never_fails_that_email_for_good(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    mailbox.behave(REJECT)
    asked.run_emails(mailer)
    assert sorted(_failures(asked)) == [("adam", "refused_by_server"), ("olivia", "refused_by_server")]
    assert [(delivery.state, delivery.failure) for delivery in asked.emails("adam")] == [
        ("failed", "refused_by_server")
    ]
    mailbox.behave(ACCEPT)
    asked.wait(timedelta(days=1))
    asked.run_emails(mailer)
    assert mailbox.mails() == []
    assert asked.states("adam") == ["unread"]


@pytest.mark.rule("N6")
def test_a_server_that_is_away_or_silent_is_weather_without_the_address(asked: Stand, mailbox: Mailbox) -> None:
    away = Mailer(LOOPBACK, free_port(), SENDER, timeout_s=5)
    mailbox.behave(HANG)
    silent = Mailer(LOOPBACK, mailbox.server.port, SENDER, timeout_s=0.2)
    for mailer in (away, silent):
        with pytest.raises(Weather, match="cannot be spoken to") as weather:
            asked.run_emails(mailer)
        assert "acme.example" not in str(weather.value)
        assert weather.value.__suppress_context__


@pytest.mark.rule("N4")
@pytest.mark.case(24)
def test_a_mail_whose_acceptance_was_never_heard_comes_again_under_the_same_identity(
    stand: Stand, mailbox: Mailbox
) -> None:
    stand.receive(*events.directory(), events.purchase_declined())
    mailbox.behave(HANG_AFTER)
    with pytest.raises(Weather):
        stand.run_emails(Mailer(LOOPBACK, mailbox.server.port, SENDER, timeout_s=1))
    mailbox.behave(ACCEPT)
    stand.run_emails(Mailer(LOOPBACK, mailbox.server.port, SENDER, timeout_s=5))
    first, second = mailbox.mails()
    assert first.message["Message-ID"] == second.message["Message-ID"]
    assert first.recipients == second.recipients == ("adam@acme.example",)
    assert [(delivery.state, delivery.attempts) for delivery in stand.emails("adam")] == [("sent", 2)]


@pytest.mark.rule("N3")
def test_an_email_waits_for_an_address_but_not_for_ever(stand: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    stand.receive(events.workspace(), events.member("adam"), events.member("olivia"), events.requested())
    stand.run_emails(mailer)
    assert stand.wordings("adam") == ["top_up_requested"]
    assert mailbox.mails() == []
    stand.receive(events.contact("adam"))
    stand.wait(ADDRESS_RETRY)
    stand.run_emails(mailer)
    assert [mail.recipients for mail in mailbox.mails()] == [("adam@acme.example",)]
    stand.wait(ADDRESS_AWAITED)
    stand.run_emails(mailer)
    assert _failures(stand) == [("olivia", "no_address")]


def test_news_too_old_is_not_mailed_but_stands_in_app(stand: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    stand.receive(*events.directory(), event(events.requested(), appended_at=NOW - MAILED_WITHIN))
    stand.run_emails(mailer)
    assert mailbox.mails() == []
    assert sorted(_failures(stand)) == [("adam", "gave_up"), ("olivia", "gave_up")]
    assert stand.states("adam") == ["unread"]


@pytest.mark.case(23)
def test_an_erased_person_is_nowhere_and_gets_no_mail(asked: Stand, mailbox: Mailbox, mailer: Mailer) -> None:
    asked.receive(events.requested(2, asker="adam"), events.paid(), events.credited())
    asked.receive(erased("adam"), events.contact("adam"))
    asked.run_emails(mailer)
    assert ("adam@acme.example",) not in {mail.recipients for mail in mailbox.mails()}
    assert ("adam", "no_address") in _failures(asked)
    tables = asked.connection.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    ).fetchall()
    assert {"contacts", "notices", "emails", "timers", "inbox", "outbox"} <= {table for (table,) in tables}
    for (table,) in tables:
        if table == "applied_migrations":
            continue
        rows = asked.connection.execute(f'SELECT "{table}"::text FROM "{table}"').fetchall()
        assert not [row for (row,) in rows if "adam@" in row or "Adam" in row], table


def test_a_tombstone_that_only_moves_the_log_on_leaves_no_row(asked: Stand) -> None:
    asked.receive(erased("erasure/7"))
    assert asked.connection.execute("SELECT FROM contacts WHERE user_id LIKE %s", ("erasure%",)).fetchall() == []


@pytest.mark.case(23)
def test_what_is_published_holds_neither_names_nor_addresses(asked: Stand, mailer: Mailer) -> None:
    asked.receive(events.paid(), events.credited(), events.fulfilled())
    asked.run_emails(mailer)
    wire = " ".join(message.model_dump_json() for message in asked.published)
    assert not [user_id for user_id in ROLES if user_id.title() in wire or f"{user_id}@" in wire]


@pytest.mark.case(24)
def test_names_full_of_line_breaks_and_markup_reach_one_recipient_in_one_subject(
    stand: Stand, mailbox: Mailbox, mailer: Mailer
) -> None:
    nasty = "Acme\r\nBcc: evil@x.test\r\n\r\n<script>alert(1)</script>, evil@x.test" + "x" * 9_000
    stand.receive(*events.directory(), events.workspace(nasty, version=2))
    stand.receive(events.contact("erin", name=nasty, version=2), events.contact("adam", name=nasty, version=2))
    stand.receive(events.requested())
    stand.run_emails(mailer)
    mails = mailbox.mails()
    assert {mail.recipients for mail in mails} == {("adam@acme.example",), ("olivia@acme.example",)}
    for mail in mails:
        assert mail.message["Bcc"] is None
        assert mail.message["To"] == mail.recipients[0]
        assert mail.message["Subject"].startswith("Acme Bcc: evil@x.test <script>")
        assert len(mail.message["Subject"]) < 150
        html = mail.message.get_body(("html",))
        assert html is not None
        assert "<script>" not in html.get_content()


@pytest.mark.rule("A6")
def test_an_email_that_goes_out_after_the_request_was_settled_says_so(
    asked: Stand, mailbox: Mailbox, mailer: Mailer
) -> None:
    asked.receive(events.fulfilled())
    asked.run_emails(mailer)
    text = {
        mail.recipients[0]: mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr] # it has one
        for mail in mailbox.mails()
    }
    assert "nothing left to do" in text["olivia@acme.example"]
    assert "12,000 credits you asked for" in text["erin@acme.example"]
