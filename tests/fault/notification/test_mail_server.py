"""A mail server that is dead, and a worker that dies between the mail server's answer and its own record."""

from __future__ import annotations

from collections import Counter

import pytest

from deploy.local.waiting import wait_until
from shared.messaging.borders import Border
from shared.messaging.errands import ErrandBorder
from tests.integration.notification.live import PATIENCE_S, Live
from tests.unit.notification import events

# How often the mail of one event may have been handed over when the worker was killed at this border.
MAILS_AFTER = {
    ErrandBorder.AFTER_PREPARE: {1},
    ErrandBorder.AFTER_PERFORM: {2},
    ErrandBorder.BEFORE_COMMIT: {2},
    ErrandBorder.AFTER_COMMIT: {1},
    Border.LANE_HANDLED: {1},
    Border.LANE_BEFORE_COMMIT: {1},
    Border.LANE_AFTER_COMMIT: {1},
    Border.RELAY_SENT: {1},
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
    live.wait_for_notices("erin", 2)
    wait_until(lambda: len(live.published()) == 8, PATIENCE_S, "six notices told and two of them handled")
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
@pytest.mark.parametrize("border", MAILS_AFTER)
def test_a_worker_killed_at_a_border_tells_once_and_mails_at_most_twice_alike(
    live: Live, border: Border | ErrandBorder
) -> None:
    live.worker.start()
    live.know_everybody()
    assert live.worker.stop() == 0
    child = live.worker.start({"CRASH_AT": f"{border}:1"})
    live.say(events.purchase_declined())
    assert child.wait(PATIENCE_S) == -9

    live.worker.start()
    live.wait_for_notices("adam", 1)
    live.wait_for_emails("adam", "sent")
    live.wait_until_quiet()
    assert live.worker.stop() == 0
    assert len(live.told("adam")) == 1
    identities = Counter(mail.message["Message-ID"] for mail in live.mails())
    assert len(identities) == 1
    assert set(identities.values()) == MAILS_AFTER[border]
    # In-app and email: each is one fact under one id, however often it stands on the topic.
    assert len(live.published()) == 2
