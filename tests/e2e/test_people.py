"""People: what they do with their notices, and that nothing of them is left where they are erased."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from deploy.local.mailbox import Mail
from shared.contracts import catalog
from shared.contracts.notification import EmailPreferenceSet, NoticeDelivered, NoticesMarked
from shared.contracts.notification_commands import MarkNotices, Unsubscribe
from shared.contracts.top_up_commands import CancelRequest, RequestTopUp
from shared.contracts.top_up_events import RequestCancelled, TopUpRequested
from tests.e2e.story.canary import Canary, leaks, records, rows
from tests.e2e.town import PACKAGE, Household, Town, contact
from tests.e2e.waiting import wait_until

WITHIN_S = 60.0  # of its tombstone, a person is nowhere
EVERYWHERE = ("",)  # the processor's secrets are another test's business
OF_PEOPLE = ("topic/workspace.contact.v1",)


@pytest.mark.rule("A3", "N1", "N2", "N3")
@pytest.mark.case(23)
def test_what_people_do_with_notices_and_that_an_erased_person_is_nowhere_within_a_minute(town: Town) -> None:
    home = town.household()
    name, address = f"Zephyrine {uuid4().hex[:12]}", f"z-{uuid4().hex}@erased.test"
    editor = contact(home, "editor", name=name).model_copy(update={"version": 2, "email": address})
    town.client.send(catalog.WORKSPACE_CONTACT, editor)
    wait_until(lambda: bool(_left(town, name, address)), "the editor's new name is known")

    request = _ask(town, home)
    mail = _mailed(town, home, name)
    notice = town.witness.wait(
        NoticeDelivered, lambda one: (one.user_id, one.about_id) == (home.person("owner"), request), "the owner is told"
    )
    mark = MarkNotices(user_id=home.person("owner"), notice_ids=(notice.notice_id,), state="read")
    answer = town.witness.answer(town.client.send(catalog.NOTIFICATION_COMMANDS, mark), NoticesMarked)
    assert isinstance(answer, NoticesMarked)
    assert [one.state for one in answer.notices] == ["read"]
    assert isinstance(_follow(town, mail), EmailPreferenceSet)

    town.send_raw(catalog.WORKSPACE_CONTACT, None, key=home.person("editor").encode(), partition=None)
    wait_until(lambda: not _left(town, name, address), "no table knows the editor", timeout_s=WITHIN_S)
    town.ask(
        CancelRequest(workspace_id=home.name, actor_id=home.person("editor"), request_id=request), RequestCancelled
    )
    _ask(town, home)
    # No topic but that of contacts has ever held them, no dead letter either; there Kafka compacts them away.
    people = _people(name, address, allowed=OF_PEOPLE)
    assert leaks(people, records(town.world.kafka("admin")), EVERYWHERE) == []
    assert _left(town, name, address) == []


def _ask(town: Town, home: Household) -> str:
    """The editor asks; returns the request's id once the owner has been told in-app."""
    request_id = str(uuid4())
    command = RequestTopUp(
        workspace_id=home.name, actor_id=home.person("editor"), request_id=request_id, package_id=PACKAGE
    )
    assert isinstance(town.ask(command, TopUpRequested), TopUpRequested)
    town.witness.wait(NoticeDelivered, lambda one: one.about_id == request_id, f"request {request_id} is told")
    return request_id


def _mailed(town: Town, home: Household, name: str) -> Mail:
    """The owner's mail about the request, which names the editor."""

    def found() -> list[Mail]:
        to = (home.address("owner"),)
        return [
            mail for mail in town.world.mailbox.mails() if mail.recipients == to and name in mail.message["Subject"]
        ]

    wait_until(lambda: bool(found()), "the owner has a mail")
    return found()[0]


def _follow(town: Town, mail: Mail) -> object:
    """What an edge makes of the link in the mail's header."""
    (line,) = re.findall(rb"^List-Unsubscribe: <(\S+)>\r?$", mail.raw, re.MULTILINE)  # in one piece, not encoded
    link = line.decode()
    query = {field: values[0] for field, values in parse_qs(urlsplit(link).query).items()}
    command = Unsubscribe.read({"user_id": query["user"], "kind": query["kind"], "token": query["token"]})
    return town.witness.answer(town.client.send(catalog.NOTIFICATION_COMMANDS, command), EmailPreferenceSet)


def _people(name: str, address: str, allowed: tuple[str, ...] = ()) -> list[Canary]:
    return [Canary("a name", name, allowed), Canary("an address", address, allowed)]


def _left(town: Town, name: str, address: str) -> list[str]:
    """Where in the tables of all services this person stands."""
    return leaks(_people(name, address), rows(town.superuser_url), EVERYWHERE)
