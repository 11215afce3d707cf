"""A mail server that is dead, and a worker that dies between the mail server's answer and its own record."""

from __future__ import annotations

from collections import Counter

import pytest

from deploy.local.waiting import wait_until
from shared.contracts.notification_commands import SetEmailPreference
from shared.messaging.errands import ErrandBorder
from tests.integration.notification.live import PATIENCE_S, Live
from tests.unit.notification import events

# How often the mail of one event was handed over when the worker was killed at this border of the errand.
MAILS_AFTER = {
    ErrandBorder.AFTER_PREPARE: 1,
    ErrandBorder.AFTER_PERFORM: 2,
    ErrandBorder.BEFORE_COMMIT: 2,
    ErrandBorder.AFTER_COMMIT: 1,
}


@pytest.mark.rule("N6")
@pytest.mark.case(24)
def test_a_dead_mail_server_delays_emails_and_nothing_else(live: Live) -> None:
    live.world.mailbox.server.kill()
    live.worker.start()
    live.say(*events.directory(), events.requested())
    live.wait_for_notices("adam", 1)
    live.wait_for_emails("adam", "sending")
    # While email waits, whatever else happens is told and published at once.
    live.say(events.fulfilled(), events.paid(), events.credited())
    live.say(SetEmailPreference(user_id="vera", kind="credits_low", by_email=False))
    live.wait_for_notices("erin", 2)
    wait_until(lambda: len(live.published()) == 9, PATIENCE_S, "six notices told, two of them handled, one answer")
    assert live.mails() == []

    live.world.mailbox.server.start()
    for user_id in ("adam", "olivia", "erin", "emil"):
        live.wait_for_emails(user_id, "sent")
    live.wait_until_quiet()
    identities = Counter(mail.message["Message-ID"] for mail in live.mails())
    assert len(identities) == 6
    assert set(identities.values()) == {1}
    assert live.worker.stop() == 0


@pytest.mark.rule("N4")
@pytest.mark.case(24)
@pytest.mark.timeout(400)  # nine starts of a worker, and a lease that runs out after most of the kills
def test_a_worker_killed_at_any_border_tells_once_and_mails_again_only_inside_the_send_window(live: Live) -> None:
    live.worker.start()
    live.know_everybody()
    assert live.worker.stop() == 0
    for number, border in enumerate(MAILS_AFTER):
        child = live.worker.start({"CRASH_AT": f"{border}:1"})
        live.say(events.purchase_declined(number))
        assert child.wait(PATIENCE_S) == -9, border
        live.worker.start()
        live.wait_for_notices("adam", number + 1)
        live.wait_for_emails("adam", "sent")
        live.wait_until_quiet()
        assert live.worker.stop() == 0

    notice_about = {told.about_id: told.notice_id for told in live.told("adam")}
    assert len(live.told("adam")) == len(notice_about) == len(MAILS_AFTER)
    # A mail that came twice is the same mail: it has the same Message-ID.
    copies = Counter(str(mail.message["Message-ID"]) for mail in live.mails())
    assert {
        border: copies[f"<{notice_about[events.uuid(number)]}@refill.test>"]
        for number, border in enumerate(MAILS_AFTER)
    } == MAILS_AFTER
    # In-app and email are told once each, however often they were tried.
    assert len(live.published()) == 2 * len(MAILS_AFTER)


@pytest.mark.rule("N4", "N5")
@pytest.mark.case(24)
def test_a_worker_killed_after_it_sent_a_digest_sends_the_same_again_and_nothing_else(live: Live) -> None:
    live.worker.start()
    live.know_everybody()
    live.say(events.member("olivia", "viewer", version=2))  # so that adam alone decides
    live.wait_for_role("olivia", "viewer")
    live.say(events.requested(1), events.requested(2), events.requested(3, asker="emil"))
    live.wait_for_notices("adam", 3)
    wait_until(lambda: len(live.mails()) == 1, PATIENCE_S, "the first request is mailed at once")
    assert live.worker.stop() == 0

    live.hurry("digest")
    child = live.worker.start({"CRASH_AT": f"{ErrandBorder.AFTER_PERFORM}:1"})
    assert child.wait(PATIENCE_S) == -9
    live.worker.start()
    live.wait_for_emails("adam", "sent")
    live.wait_until_quiet()
    assert live.worker.stop() == 0

    first, digest, again = live.mails()
    assert first.message["Message-ID"] != digest.message["Message-ID"] == again.message["Message-ID"]
    assert digest.message["Subject"] == again.message["Subject"] == "2 requests for credits in Acme"
    assert live.published().total() == len(live.published()) == 6  # three requests, in-app and by email, once each
