"""A purchase from command to credits, and everything that may be said of it twice (B2 to B8, A4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from services.billing.handlers.timers import CHARGE, UNPAID
from shared.contracts.credit_ledger import PurchaseCredited
from shared.contracts.decode import Tombstone
from shared.contracts.reasons import Reason
from shared.contracts.refunds import RefundAccepted
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchaseAccepted,
    PurchasePaid,
    PurchaseStatus,
    RequestClaimed,
    RequestFulfilled,
    TopUpQuoted,
)
from tests.integration.billing.messages import (
    ask,
    ask_for_quote,
    buy,
    catalog,
    credited,
    member,
    quote,
    workspace,
)
from tests.integration.billing.test_refunds import by_member, by_operator
from tests.integration.billing.till import Till


@pytest.mark.rule("B5")
def test_a_quote_is_what_a_purchase_then_costs(till: Till) -> None:
    till.hand_in(ask_for_quote())
    (quoted,) = till.told(TopUpQuoted)
    assert quoted.quote == quote()
    assert quoted.credits_each == 3_000
    till.hand_in(buy(quote=quoted.quote))
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.rule("B6", "B8")
def test_a_purchase_is_accepted_charged_once_and_finished_when_credited(till: Till) -> None:
    command = buy()
    till.hand_in(command)
    assert till.charges() == []
    till.turn(CHARGE)
    (paid,) = till.told(PurchasePaid)
    assert [line.user_id for line in paid.lines] == ["erin", "gina"]
    assert len({line.lot_id for line in paid.lines}) == 2
    (charge,) = till.charges()
    assert (charge["amount_minor"], charge["currency"]) == (3_000, "usd")
    assert charge["metadata"] == {"purchase_id": command.purchase_id, "workspace_id": "acme"}
    assert charge["payment_intent"] == paid.payment_intent_id
    till.hand_in(credited(paid), credited(paid))
    assert till.state("purchases", command.purchase_id) == "credited"
    assert till.due_in(UNPAID, command.purchase_id) is None


def test_what_follows_belongs_to_the_commands_conversation(till: Till) -> None:
    (accepted,) = till.hand_in(buy())
    (paid,) = till.turn(CHARGE)
    assert paid.cause == accepted.cause
    assert paid.cause.correlation_id is not None


@pytest.mark.rule("B7")
@pytest.mark.case(4)
def test_the_same_command_again_is_the_same_answer_and_one_charge(till: Till) -> None:
    command = buy()
    till.hand_in(command, command)
    till.settle_everything()
    till.hand_in(command)
    till.settle_everything()
    assert [status.state for status in till.told(PurchaseStatus)] == ["accepted", "paid"]
    assert len(till.told(PurchaseAccepted)) == len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B7")
@pytest.mark.case(4)
def test_delivered_to_eight_workers_at_once_it_is_one_purchase(till: Till) -> None:
    command = buy()
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda _: till.hand_in(command), range(8)))
    till.settle_everything()
    assert len(till.told(PurchaseAccepted)) == len(till.charges()) == 1
    assert len(till.told(PurchaseStatus)) == 7


@pytest.mark.rule("B7")
@pytest.mark.case(18)
def test_the_same_id_with_other_content_is_refused(till: Till) -> None:
    command = buy()
    till.hand_in(
        command,
        command.model_copy(update={"quote": quote("erin")}),
        command.model_copy(update={"actor_id": "olivia"}),
    )
    till.settle_everything()
    assert till.reasons() == [Reason.PURCHASE_ID_REUSED] * 2
    assert len(till.charges()) == 1


@pytest.mark.rule("B7")
@pytest.mark.case(10)
def test_an_id_of_another_workspace_is_refused_and_nothing_of_it_is_told(till: Till) -> None:
    theirs = buy()
    till.hand_in(theirs, workspace(workspace_id="globex"), member("adam", "admin", workspace_id="globex"))
    (refused,) = till.hand_in(theirs.model_copy(update={"workspace_id": "globex"}))
    (other_content,) = till.hand_in(theirs.model_copy(update={"quote": quote("erin")}))
    assert isinstance(refused.message, CommandRefused)
    assert isinstance(other_content.message, CommandRefused)
    assert refused.message.reason is Reason.PURCHASE_ID_REUSED
    assert refused.message.detail == other_content.message.detail


@pytest.mark.rule("B7")
def test_a_refusal_is_final_for_its_id_and_its_content(till: Till) -> None:
    command = buy(quote=quote(price_minor=1_400))
    till.hand_in(command, catalog(version=2, price_minor=1_400), command)
    assert till.reasons() == [Reason.PRICE_CHANGED] * 2
    till.hand_in(command.model_copy(update={"quote": quote(price_minor=1_400, version=2)}))
    assert till.reasons()[-1] is Reason.PURCHASE_ID_REUSED
    till.hand_in(buy(quote=quote(price_minor=1_400, version=2)))
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.rule("B7")
def test_a_refusal_elsewhere_does_not_spoil_the_id(till: Till) -> None:
    command = buy()
    till.hand_in(command.model_copy(update={"workspace_id": "nowhere"}), waited=True)
    till.hand_in(command)
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.rule("B5")
def test_a_price_that_changed_since_the_review_charges_nothing(till: Till) -> None:
    till.hand_in(catalog(version=2, price_minor=1_600), buy())
    till.settle_everything()
    assert till.reasons() == [Reason.PRICE_CHANGED]
    assert till.charges() == []


@pytest.mark.rule("B2")
def test_an_unknown_workspace_or_member_is_waited_for_and_then_refused(till: Till) -> None:
    stranger, nowhere = buy("newcomer"), buy(workspace_id="nowhere")
    till.hand_in(stranger, nowhere)
    assert [park.waiting_for for park in till.parked] == ["member acme/newcomer", "workspace nowhere"]
    assert till.said == []
    till.hand_in(member("newcomer", "admin"), stranger)
    assert len(till.told(PurchaseAccepted)) == 1
    till.hand_in(nowhere, waited=True)
    assert till.reasons() == [Reason.UNKNOWN_WORKSPACE]


@pytest.mark.rule("B2")
@pytest.mark.case(10)
def test_the_role_that_counts_is_the_directorys(till: Till) -> None:
    till.hand_in(member("adam", "viewer", version=3), member("adam", "admin", version=2), buy())
    till.hand_in(Tombstone("acme/olivia"), buy("olivia"))
    till.hand_in(member("olivia", "owner", version=1), buy("olivia"))
    till.hand_in(member("olivia", "owner", version=2), buy("olivia"))
    assert till.reasons() == [Reason.NOT_ALLOWED_TO_BUY, Reason.UNKNOWN_MEMBER, Reason.UNKNOWN_MEMBER]
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.rule("A4")
def test_a_workspace_that_is_gone_buys_nothing(till: Till) -> None:
    till.hand_in(Tombstone("acme"), buy())
    assert till.reasons() == [Reason.UNKNOWN_WORKSPACE]


@pytest.mark.rule("B6", "B8", "B11")
def test_a_workspace_that_goes_in_the_middle_of_a_purchase_has_paid_once_and_only_an_operator_gives_it_back(
    till: Till,
) -> None:
    command = buy()
    till.hand_in(command, Tombstone("acme"))
    till.turn(CHARGE)
    (paid,) = till.told(PurchasePaid)
    till.hand_in(credited(paid), command)
    till.settle_everything()
    assert len(till.charges()) == 1
    assert till.state("purchases", command.purchase_id) == "credited"
    till.hand_in(by_member(command.purchase_id), by_operator(command.purchase_id))
    assert till.reasons() == [Reason.UNKNOWN_WORKSPACE]
    assert [accepted.by for accepted in till.told(RefundAccepted)] == ["operator"]


@pytest.mark.rule("A4", "A6")
def test_a_purchase_for_a_request_claims_it_and_fulfils_it_when_credited(till: Till) -> None:
    request = ask()
    till.hand_in(request, buy(request_id=request.request_id))
    (claimed,) = till.told(RequestClaimed)
    assert claimed.buyer_id == "adam"
    till.settle_everything()
    assert till.told(RequestFulfilled) == []
    (paid,) = till.told(PurchasePaid)
    assert paid.request_id == request.request_id
    till.hand_in(credited(paid))
    (fulfilled,) = till.told(RequestFulfilled)
    assert (fulfilled.asker_id, fulfilled.buyer_id) == ("erin", "adam")


@pytest.mark.rule("A4")
def test_of_two_admins_one_wins_and_the_other_is_told_by_whom(till: Till) -> None:
    request = ask()
    till.hand_in(request)
    with ThreadPoolExecutor(2) as admins:
        both = [buy(actor, request_id=request.request_id) for actor in ("adam", "olivia")]
        list(admins.map(till.hand_in, both))
    till.settle_everything()
    (accepted,) = till.told(PurchaseAccepted)
    (refused,) = till.told(CommandRefused)
    assert refused.reason is Reason.ALREADY_BEING_BOUGHT
    assert accepted.buyer_id in refused.detail
    assert len(till.charges()) == 1


@pytest.mark.rule("A4")
@pytest.mark.case(10)
def test_a_request_of_another_workspace_cannot_be_bought(till: Till) -> None:
    request = ask()
    till.hand_in(request, workspace(workspace_id="globex"))
    till.hand_in(*(member(user, "admin", workspace_id="globex") for user in ("adam", "erin", "gina")))
    till.hand_in(buy(workspace_id="globex", request_id=request.request_id))
    assert till.reasons() == [Reason.UNKNOWN_REQUEST]


@pytest.mark.case(12)
def test_credits_that_the_ledger_knows_of_before_we_do_finish_the_purchase_when_it_is_paid(till: Till) -> None:
    """A restored backup: the ledger's event is read again while our payment is still to be found."""
    request = ask()
    command = buy(request_id=request.request_id)
    till.hand_in(request, command)
    lines = [{"user_id": "erin", "lot_id": str(uuid4()), "credits": 3_000, "usable": True}]
    early = {"workspace_id": "acme", "purchase_id": command.purchase_id, "buyer_id": "adam", "lines": lines}
    till.hand_in(PurchaseCredited.read({**early, "credited_at": till.now().isoformat()}))
    assert till.state("purchases", command.purchase_id) == "accepted"
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "credited"
    assert len(till.told(RequestFulfilled)) == 1


def test_names_of_any_make_are_no_trouble(till: Till) -> None:
    till.hand_in(workspace(version=2, name="Acme\r\nBcc: evil@x.test <b>" + "n" * 9_000), buy())
    assert len(till.told(PurchaseAccepted)) == 1


def test_a_day_later_nothing_more_happens(till: Till) -> None:
    till.hand_in(buy())
    till.settle_everything()
    till.later(timedelta(hours=30))
    till.settle_everything()
    assert len(till.charges()) == len(till.told(PurchasePaid)) == 1
