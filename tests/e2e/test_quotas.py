"""A plan that changes inside a period, with real workers and timers: the quota follows, what was used stays used."""

from __future__ import annotations

import pytest

from shared.contracts import catalog
from shared.contracts.credit_ledger import BalanceChanged
from tests.e2e.town import Household, Town, line, usage_event, workspace


def told(town: Town, home: Household, usable: int, after: int = 0) -> BalanceChanged:
    """Wait until the editor's balance is told to be this."""
    return town.witness.wait(
        BalanceChanged,
        lambda event: event.user_id == home.person("editor") and event.usable == usable,
        f"{home.name} may use {usable}",
        after=after,
    )


@pytest.mark.rule("C8")
@pytest.mark.case(22)
def test_a_downgrade_inside_the_period_leaves_the_smaller_quota_less_what_was_used_and_an_upgrade_the_larger(
    town: Town,
) -> None:
    home = town.household()
    told(town, home, 10_000)
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home, 2_900)), key=home.name.encode())
    told(town, home, 7_100)
    pro = workspace(home, version=2).model_copy(update={"plan": "pro"})
    town.client.send(catalog.WORKSPACE_DIRECTORY, pro)
    assert [(lot.remaining, lot.withheld) for lot in told(town, home, 100).lots] == [(100, 7_000)]
    refused = usage_event(home, 101)
    town.send_raw(catalog.PRODUCT_USAGE, line(refused), key=home.name.encode())
    assert town.refused_usage(home, refused["data"]["usage_id"]).short_by == 1
    before = town.witness.mark()
    town.client.send(catalog.WORKSPACE_DIRECTORY, workspace(home, version=3))
    told(town, home, 7_100, before)
