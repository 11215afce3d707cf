"""Spending on real parts: an account that runs low is topped up by itself, up to what its owner allows (B13, B14)."""

from __future__ import annotations

import pytest

from shared.contracts import catalog
from shared.contracts.auto_top_up import AutoTopUpHeldBack, AutoTopUpSet, SetAutoTopUp
from shared.contracts.credit_ledger import BalanceChanged, PurchaseCredited
from shared.contracts.notification import NoticeDelivered
from shared.contracts.reasons import Reason
from shared.contracts.spending import SetSpendingCaps, SpendingCapsSet
from shared.contracts.top_up_events import CommandRefused, PurchaseAccepted
from tests.e2e.town import PACKAGE, Household, Town, line, purchase_command, usage_event

PRICE_MINOR = 1_500  # of the package, in the examples' catalog


@pytest.mark.rule("B13", "B14")
def test_an_account_that_runs_low_is_topped_up_by_itself_until_the_cap_of_the_day(town: Town) -> None:
    home = town.household()
    owner, editor = home.person("owner"), home.person("editor")
    reviewed = town.quote(home)
    caps = SetSpendingCaps(
        workspace_id=home.name, actor_id=owner, currency="usd", workspace_day_minor=PRICE_MINOR, buyer_day_minor=None
    )
    assert isinstance(town.ask(caps, SpendingCapsSet, CommandRefused), SpendingCapsSet)
    wish = SetAutoTopUp(
        workspace_id=home.name,
        user_id=editor,
        actor_id=owner,
        package_id=PACKAGE,
        threshold_credits=5_000,
        monthly_cap_minor=10 * PRICE_MINOR,
        currency="usd",
    )
    assert isinstance(town.ask(wish, AutoTopUpSet, CommandRefused), AutoTopUpSet)

    use(town, home, 6_000)
    bought = town.witness.wait(PurchaseCredited, lambda event: event.workspace_id == home.name, "a top-up by itself")
    town.witness.until(lambda: usable(town, home) == 7_000, "4,000 credits left and 3,000 bought")
    assert town.journal.charges_of(bought.purchase_id) == [PRICE_MINOR]
    (accepted,) = town.witness.seen(PurchaseAccepted, lambda event: event.workspace_id == home.name)
    assert (accepted.purchase_id, accepted.buyer_id, accepted.automatic) == (bought.purchase_id, owner, True)
    town.witness.wait(
        NoticeDelivered,
        lambda told: (told.user_id, told.kind, told.channel) == (owner, "purchase_receipt", "in_app"),
        "the receipt",
    )

    use(town, home, 3_000)
    held_back = town.witness.wait(AutoTopUpHeldBack, lambda event: event.workspace_id == home.name, "the day's cap")
    assert held_back.reason is Reason.WORKSPACE_CAP_REACHED
    refused = town.ask(purchase_command(home, reviewed), PurchaseAccepted, CommandRefused)
    assert isinstance(refused, CommandRefused)
    assert (refused.reason, refused.try_again_at) == (Reason.WORKSPACE_CAP_REACHED, held_back.try_again_at)
    assert len(town.witness.seen(PurchaseAccepted, lambda event: event.workspace_id == home.name)) == 1


def use(town: Town, home: Household, credits: int) -> None:
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home, credits)), partition=None)


def usable(town: Town, home: Household) -> int:
    of_editor = (home.name, home.person("editor"))
    return town.witness.latest(BalanceChanged, lambda event: (event.workspace_id, event.user_id) == of_editor).usable
