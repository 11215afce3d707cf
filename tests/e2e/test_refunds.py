"""Refunds on real parts: the ledger freezes, Stripe refunds, the ledger takes back; what was used is owed (B11)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import uuid4

import pytest

from shared.contracts import catalog
from shared.contracts.credit_ledger import BalanceChanged, PurchaseCredited
from shared.contracts.notification import NoticeDelivered
from shared.contracts.operator_commands import OperatorRefund
from shared.contracts.reasons import Reason
from shared.contracts.recalls import FreezeRefused, PurchaseTakenBack
from shared.contracts.refunds import (
    DisputeClosed,
    ProposeRefund,
    PurchaseRefunded,
    RefundFailed,
    RefundProposed,
    RefundPurchase,
)
from shared.contracts.top_up_events import CommandRefused
from tests.e2e.town import Household, Town, line, purchase_command, usage_event

PRICE_MINOR = 1_500  # of the package, in the examples' catalog
QUOTA, BOUGHT = 10_000, 3_000


@pytest.mark.rule("B11", "C13")
def test_a_purchase_is_refunded_once_and_what_was_used_of_it_is_settled_by_the_next_one(town: Town) -> None:
    home = town.household()
    owner, editor = home.person("owner"), home.person("editor")
    purchase_id = bought(town, home)
    about = {"workspace_id": home.name, "purchase_id": purchase_id}

    use(town, home, QUOTA + 100)
    town.witness.until(lambda: balance(town, home).usable == BOUGHT - 100, "100 of what was bought are used")
    proposed = town.ask(
        ProposeRefund.model_validate({**about, "actor_id": owner, "proposal_id": str(uuid4())}),
        RefundProposed,
        CommandRefused,
    )
    assert isinstance(proposed, RefundProposed)
    assert [(each.unspent, each.becomes_debt) for each in proposed.lines] == [(BOUGHT - 100, 100)]
    assert not proposed.owner_may

    by_owner = RefundPurchase.model_validate(
        {**about, "actor_id": owner, "refund_id": str(uuid4()), "amount_minor": proposed.amount_minor}
    )
    failed = town.ask(by_owner, RefundFailed, CommandRefused)
    assert isinstance(failed, RefundFailed)
    assert failed.reason is Reason.LINE_TOUCHED
    assert town.witness.seen(FreezeRefused, lambda event: event.purchase_id == purchase_id)

    by_operator = OperatorRefund.model_validate(
        {
            **about,
            "operator_id": "opal",
            "refund_id": str(uuid4()),
            "amount_minor": proposed.amount_minor,
            "reason": "Ticket 1",
        }
    )
    for _ in range(2):
        town.client.send(catalog.BILLING_OPERATOR_COMMANDS, by_operator)
    taken = town.witness.wait(PurchaseTakenBack, lambda event: event.purchase_id == purchase_id, "it is taken back")
    assert [(lot.user_id, lot.taken, lot.debt) for lot in taken.lots] == [(editor, BOUGHT - 100, 100)]
    (refunded,) = town.witness.seen(PurchaseRefunded, lambda event: event.purchase_id == purchase_id)
    assert (refunded.amount_minor, refunded.by) == (PRICE_MINOR, "operator")
    assert [each["amount_minor"] for each in town.sandbox.journal() if is_refund_of(each, purchase_id)] == [PRICE_MINOR]
    town.witness.until(lambda: (balance(town, home).usable, balance(town, home).debt) == (0, 100), "100 are owed")
    town.witness.wait(
        NoticeDelivered,
        lambda told: (told.user_id, told.kind, told.channel) == (owner, "refund", "in_app"),
        "the owner is told of the refund",
    )

    bought(town, home)
    town.witness.until(lambda: (balance(town, home).usable, balance(town, home).debt) == (BOUGHT - 100, 0), "settled")


@pytest.mark.rule("B12")
def test_a_dispute_freezes_what_is_unspent_and_won_it_is_given_back_exactly(town: Town) -> None:
    """Its webhooks are the sandbox's own, signed, through billing's door."""
    home = town.household()
    owner = home.person("owner")
    purchase_id = bought(town, home)
    use(town, home, QUOTA + 100)
    town.witness.until(lambda: balance(town, home).usable == BOUGHT - 100, "100 of what was bought are used")

    dispute = town.sandbox.open_dispute(intent_of(town, purchase_id))
    town.witness.until(lambda: (balance(town, home).usable, balance(town, home).frozen) == (0, BOUGHT - 100), "frozen")
    town.witness.wait(
        NoticeDelivered,
        lambda told: (told.user_id, told.kind, told.channel) == (owner, "dispute", "in_app"),
        "the owner is told of the dispute",
    )
    town.sandbox.end_dispute(str(dispute["id"]), "won")
    town.witness.until(lambda: (balance(town, home).usable, balance(town, home).frozen) == (BOUGHT - 100, 0), "given")
    assert balance(town, home).debt == 0
    told = town.witness.seen(DisputeClosed, lambda event: event.purchase_id == purchase_id)
    assert [each.outcome for each in told] == ["won"]


def intent_of(town: Town, purchase_id: str) -> str:
    """Of the charge, by the processor's journal."""
    charges = [each for each in town.sandbox.journal() if each["effect"] == "charge_succeeded"]
    (intent,) = [each["payment_intent"] for each in charges if each["metadata"]["purchase_id"] == purchase_id]  # type: ignore[index,call-overload]
    return str(intent)


def bought(town: Town, home: Household) -> str:
    """A purchase of one package for the editor, credited."""
    command = purchase_command(home, town.quote(home))
    town.client.send(catalog.TOP_UP_COMMANDS, command)
    town.witness.wait(PurchaseCredited, lambda event: event.purchase_id == command.purchase_id, "it is credited")
    return command.purchase_id


def use(town: Town, home: Household, credits: int) -> None:
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home, credits)), partition=None)


def balance(town: Town, home: Household) -> BalanceChanged:
    of_editor = (home.name, home.person("editor"))
    return town.witness.latest(BalanceChanged, lambda event: (event.workspace_id, event.user_id) == of_editor)


def is_refund_of(entry: Mapping[str, object], purchase_id: str) -> bool:
    metadata = entry["metadata"]
    return (
        entry["effect"] == "refund_succeeded"
        and isinstance(metadata, dict)
        and metadata.get("purchase_id") == purchase_id
    )
