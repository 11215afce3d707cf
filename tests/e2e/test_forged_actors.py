"""Who may do what is looked up, never believed: forged roles, former members, admins and ids of other tenants."""

from __future__ import annotations

from uuid import uuid4

import pytest

from shared.contracts import catalog
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import (
    CancelRequest,
    DeclineRequest,
    RequestTopUp,
    RetryPurchase,
)
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchaseAccepted,
    PurchasePaid,
    TopUpQuoted,
    TopUpRequested,
)
from tests.e2e.strangers import Strangers
from tests.e2e.town import (
    PACKAGE,
    Household,
    Town,
    event_of,
    line,
    member,
    purchase_command,
    quote_command,
    readers,
)

pytestmark = [pytest.mark.case(10), pytest.mark.rule("B2")]

WAITED_S = 90  # strangers are answered after 30 s: their directory message may still be on its way


@pytest.fixture(scope="module")
def home(town: Town) -> Household:
    return town.household()


@pytest.fixture(scope="module")
def neighbours(town: Town) -> Household:
    """Another tenant."""
    return town.household()


def _refused(town: Town, command: Message, reason: Reason) -> None:
    """Send the command: it is refused, for this reason."""
    _answered(town, town.client.send(catalog.TOP_UP_COMMANDS, command), reason)


def _answered(town: Town, command: str, reason: Reason) -> None:
    """A command sent before is refused, for this reason."""
    answer = town.witness.answer(
        command, CommandRefused, PurchaseAccepted, TopUpQuoted, TopUpRequested, timeout_s=WAITED_S
    )
    assert isinstance(answer, CommandRefused), answer
    assert answer.reason is reason, answer


def test_a_viewer_may_not_buy(town: Town, home: Household) -> None:
    command = purchase_command(home, town.quote(home), actor=home.person("viewer"))

    _refused(town, command, Reason.NOT_ALLOWED_TO_BUY)

    assert town.journal.intents_of(command.purchase_id) == []


def test_a_role_claimed_in_the_message_counts_for_nothing(town: Town, home: Household) -> None:
    command = purchase_command(home, town.quote(home), actor=home.person("editor"))
    event = event_of(command)
    event["data"] |= {"role": "owner", "actor_role": "owner", "is_admin": True}
    headers = (("role", b"owner"), ("content-type", b"application/cloudevents+json"))

    town.send_raw(catalog.TOP_UP_COMMANDS, line(event), key=home.name.encode(), headers=headers)

    _answered(town, event["id"], Reason.NOT_ALLOWED_TO_BUY)
    assert town.journal.intents_of(command.purchase_id) == []


def test_a_former_admin_may_not_buy(town: Town) -> None:
    home = town.household()
    quote = town.quote(home)
    key = member(home, home.person("admin"), "admin").key().encode()
    gone = town.send_raw(catalog.WORKSPACE_DIRECTORY, None, key=key, partition=None)
    town.consumed(*gone, readers(catalog.WORKSPACE_DIRECTORY))

    command = purchase_command(home, quote, actor=home.person("admin"))

    _refused(town, command, Reason.UNKNOWN_MEMBER)
    assert town.journal.intents_of(command.purchase_id) == []


def test_an_admin_who_became_a_viewer_may_not_buy(town: Town) -> None:
    home = town.household()
    quote = town.quote(home)
    changed = member(home, home.person("admin"), "viewer", version=2)
    place, offset = town.send_raw(
        catalog.WORKSPACE_DIRECTORY, line(event_of(changed)), key=changed.key().encode(), partition=None
    )
    town.consumed(place, offset, readers(catalog.WORKSPACE_DIRECTORY))

    _refused(town, purchase_command(home, quote, actor=home.person("admin")), Reason.NOT_ALLOWED_TO_BUY)


@pytest.mark.rule("A4")
def test_another_tenants_request_is_unknown(town: Town, home: Household, neighbours: Household) -> None:
    request_id = str(uuid4())
    asked = town.ask(
        RequestTopUp(
            workspace_id=neighbours.name,
            actor_id=neighbours.person("editor"),
            request_id=request_id,
            package_id=PACKAGE,
        ),
        TopUpRequested,
        CommandRefused,
    )
    assert isinstance(asked, TopUpRequested), asked
    ours = {"workspace_id": home.name, "request_id": request_id}

    _refused(
        town, DeclineRequest(**ours, actor_id=home.person("owner"), reason="not mine to say"), Reason.UNKNOWN_REQUEST
    )
    _refused(town, CancelRequest(**ours, actor_id=home.person("editor")), Reason.UNKNOWN_REQUEST)
    _refused(town, purchase_command(home, town.quote(home), request_id=request_id), Reason.UNKNOWN_REQUEST)
    reused = RequestTopUp(**ours, actor_id=home.person("editor"), package_id=PACKAGE)
    _refused(town, reused, Reason.REQUEST_ID_REUSED)


@pytest.mark.rule("B7")
def test_another_tenants_purchase_is_unknown_and_its_id_is_taken(
    town: Town, home: Household, neighbours: Household
) -> None:
    theirs = purchase_command(neighbours, town.quote(neighbours))
    town.client.send(catalog.TOP_UP_COMMANDS, theirs)
    paid = town.witness.wait(
        PurchasePaid, lambda event: event.purchase_id == theirs.purchase_id, "theirs is paid", timeout_s=60
    )
    owner = home.person("owner")

    retry = RetryPurchase(
        workspace_id=home.name,
        actor_id=owner,
        purchase_id=theirs.purchase_id,
        payment_method_id=home.card,
        attempt=2,
    )
    _refused(town, retry, Reason.UNKNOWN_PURCHASE)
    same_id = purchase_command(home, town.quote(home)).model_copy(update={"purchase_id": theirs.purchase_id})
    _refused(town, same_id, Reason.PURCHASE_ID_REUSED)

    assert town.journal.charges_of(theirs.purchase_id) == [paid.total_minor]


@pytest.mark.rule("B7")
@pytest.mark.case(18)
def test_two_purchases_with_one_id_and_different_content_are_one_purchase_and_one_refusal(town: Town) -> None:
    home = town.household()
    first = purchase_command(home, town.quote(home))
    other_quote = town.ask(quote_command(home, home.person("editor"), home.person("admin")))
    assert isinstance(other_quote, TopUpQuoted), other_quote
    second = first.model_copy(update={"quote": other_quote.quote})
    town.client.send(catalog.TOP_UP_COMMANDS, first)

    _refused(town, second, Reason.PURCHASE_ID_REUSED)

    town.witness.wait(PurchasePaid, lambda event: event.purchase_id == first.purchase_id, "paid", timeout_s=60)
    assert town.journal.charges_of(first.purchase_id) == [first.quote.total_minor]


@pytest.mark.rule("B5")
def test_a_price_made_up_by_the_buyer_is_refused_and_nothing_charged(town: Town, home: Household) -> None:
    quote = town.quote(home)
    forged = quote.model_copy(update={"unit_price_minor": 1, "total_minor": 1})
    command = purchase_command(home, forged)

    _refused(town, command, Reason.PRICE_CHANGED)

    assert town.journal.intents_of(command.purchase_id) == []


def test_another_tenants_admin_may_not_buy(town: Town, strangers: Strangers) -> None:
    _answered(town, strangers.answers["another tenant's admin"], Reason.UNKNOWN_MEMBER)
    assert town.journal.intents_of(strangers.purchase_by_other_admin.purchase_id) == []


def test_another_tenants_editor_cannot_be_bought_for(town: Town, strangers: Strangers) -> None:
    _answered(town, strangers.answers["another tenant's editor"], Reason.EDITOR_NOT_ELIGIBLE)


def test_an_unknown_workspace_is_answered_after_the_wait_and_holds_up_nobody(
    town: Town, home: Household, strangers: Strangers
) -> None:
    assert town.quote(home)
    _answered(town, strangers.answers["an unknown workspace"], Reason.UNKNOWN_WORKSPACE)


def test_usage_of_another_tenants_editor_or_of_an_unknown_workspace_is_refused(
    town: Town, strangers: Strangers
) -> None:
    assert town.refused_usage(strangers.home, strangers.usage_id, WAITED_S).reason is Reason.UNKNOWN_MEMBER
    town.witness.until(
        lambda: len(town.usage_refusals(strangers.usage_id)) == 2, "both are refused", timeout_s=WAITED_S
    )
    reasons = {refusal.reason for refusal in town.usage_refusals(strangers.usage_id)}
    assert reasons == {Reason.UNKNOWN_MEMBER, Reason.UNKNOWN_WORKSPACE}
