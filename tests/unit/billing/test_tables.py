"""The tables of handlers are complete and their ids derived."""

from __future__ import annotations

from services.billing.handlers import ALARMS, COMMANDS, HANDLERS, LANES, OUTCOMES
from services.billing.handlers.accepting import attempt_key, lot_of
from services.billing.handlers.content import content_hash
from shared.contracts.catalog import PRICE_CATALOG, TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.contracts.top_up_commands import CancelRequest
from shared.messaging.work import Once
from tests.unit.billing.builders import PURCHASE, REQUEST


def test_every_command_has_its_handler() -> None:
    assert {reaction.message for reaction in COMMANDS} == set(TOP_UP_COMMANDS.messages)


def test_commands_wait_for_the_directory_and_the_catalog() -> None:
    (commands,) = [lane for lane in LANES if lane.name == "commands"]
    assert set(commands.after) == {WORKSPACE_DIRECTORY, PRICE_CATALOG}


def test_every_reaction_is_in_one_lane() -> None:
    assert sorted(id(reaction) for lane in LANES for reaction in lane.reactions) == sorted(map(id, HANDLERS))


def test_where_money_moves_a_business_id_makes_it_once() -> None:
    by_name = {reaction.message.__name__: reaction.once for reaction in (*COMMANDS, *OUTCOMES)}
    for name in ("PurchaseTopUp", "RequestTopUp", "PurchaseCredited"):
        assert by_name[name] is Once.BUSINESS_ID
    assert by_name["RetryPurchase"] is Once.INBOX  # and by the attempt's number


def test_alarms_have_different_kinds() -> None:
    assert len({alarm.kind for alarm in ALARMS}) == len(ALARMS)


def test_keys_and_lots_are_derived_from_the_business_ids() -> None:
    assert attempt_key(PURCHASE, 1) == attempt_key(PURCHASE, 1)
    assert attempt_key(PURCHASE, 1) != attempt_key(PURCHASE, 2)
    assert lot_of(PURCHASE, "erin") == lot_of(PURCHASE, "erin")
    assert lot_of(PURCHASE, "erin") != lot_of(PURCHASE, "gina")


def test_content_is_the_same_whatever_the_order_of_fields() -> None:
    said = {"request_id": REQUEST, "workspace_id": "acme", "actor_id": "erin"}
    same = CancelRequest.read(dict(reversed(said.items())))
    assert content_hash(CancelRequest.read(said)) == content_hash(same)
    assert content_hash(same) != content_hash(same.model_copy(update={"actor_id": "adam"}))
