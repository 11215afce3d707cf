"""Many buyers in many workspaces while usage flows and every worker is killed: the books come out right."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from deploy.local.cluster import Cluster
from deploy.local.worker import WORKERS
from deploy.local.world import World
from shared.contracts import catalog
from shared.contracts.credit_ledger import BalanceChanged, PurchaseCredited
from shared.contracts.notification import NoticeDelivered
from shared.contracts.top_up_commands import PurchaseTopUp, Quote
from tests.e2e.conftest import publish_catalog
from tests.e2e.town import Household, Town, line, purchase_command, usage_event
from tests.stack.fixtures import PARTITIONS

SEED = 20_260_131
HOUSEHOLDS = 4
PURCHASES = 30
USAGES_PER_PURCHASE = 10
MOST_CREDITS = 20  # all usages together stay far below a quota: none can be refused, so what must be left is known
QUOTA = 10_000
WITH_A_QUOTA = 3  # people of a household: all but the viewer
CREDITS_BOUGHT = 3_000
PATIENCE_S = 120


@pytest.fixture
def town(world: World, cluster: Cluster) -> Iterator[Town]:
    """A system of this test's own, for its workers will be killed."""
    world.start_workers()
    town = Town(world, cluster.url(world.database))
    publish_catalog(town)
    yield town
    town.close()


@dataclass
class Traffic:
    """Seeded traffic, and what must come of it."""

    town: Town
    homes: list[Household]
    quotes: dict[str, Quote]
    chance: random.Random
    purchases: list[PurchaseTopUp] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)

    def buy(self) -> None:
        """A purchase by owner or admin; every third command comes twice (B7)."""
        home = self.chance.choice(self.homes)
        actor = home.person(self.chance.choice(("owner", "admin")))
        command = purchase_command(home, self.quotes[home.name], actor=actor)
        self.purchases.append(command)
        for _ in range(self.chance.choice((1, 1, 2))):
            self.town.client.send(catalog.TOP_UP_COMMANDS, command)

    def use(self) -> None:
        """A burst of usages over all partitions; some come twice, each time to another partition (C11)."""
        for _ in range(USAGES_PER_PURCHASE):
            home = self.chance.choice(self.homes)
            credits = self.chance.randint(1, MOST_CREDITS)
            self.used[home.name] += credits
            usage = line(usage_event(home, credits))
            for _ in range(self.chance.choice((1, 1, 1, 2))):
                partition = self.chance.randrange(PARTITIONS)
                self.town.producer_of(catalog.PRODUCT_USAGE).send(
                    self.town.world.topic_prefix + catalog.PRODUCT_USAGE.name, value=usage, partition=partition
                )

    def expected_balances(self) -> dict[str, int]:
        """What each household's editor must have left."""
        bought = Counter(command.workspace_id for command in self.purchases)
        return {home.name: QUOTA + CREDITS_BOUGHT * bought[home.name] - self.used[home.name] for home in self.homes}


@pytest.mark.case(4)
@pytest.mark.case(6)
@pytest.mark.case(7)
@pytest.mark.case(9)
@pytest.mark.rule("B6", "B7", "B8", "C11", "C14")
def test_purchases_and_usage_while_every_worker_is_killed_leave_the_books_exact(town: Town) -> None:
    # Given some households, and the moments at which each worker will be killed.
    chance = random.Random(SEED)
    homes = [town.household() for _ in range(HOUSEHOLDS)]
    traffic = Traffic(town, homes, {home.name: town.quote(home) for home in homes}, chance)
    victims = dict(zip(chance.sample(range(5, PURCHASES), len(WORKERS)), WORKERS, strict=True))

    # When everyone buys and uses, and the workers die in the middle of it.
    for number in range(PURCHASES):
        traffic.use()
        traffic.buy()
        if victim := victims.get(number):
            town.world.workers[victim].kill()
            town.world.workers[victim].start()
    town.producer_of(catalog.PRODUCT_USAGE).flush()

    # Then every purchase is credited, and every editor has exactly what is left.
    _all_credited(town, traffic)
    expected = traffic.expected_balances()
    town.witness.until(lambda: _balances(town) == expected, f"balances are {expected}", timeout_s=PATIENCE_S)

    # Each was charged once, and the independent journal equals the purchases.
    for command in traffic.purchases:
        assert town.journal.charges_of(command.purchase_id) == [command.quote.total_minor]
    assert town.journal.charged_by_purchase() == town.books.paid_purchases()
    assert len(town.books.paid_purchases()) == PURCHASES

    # The ledger agrees with itself, nothing was set aside, and every buyer has been told.
    assert town.books.unbalanced_transactions() == 0
    assert town.books.lots_that_differ_from_their_entries() == 0
    assert town.books.lots() == PURCHASES + HOUSEHOLDS * WITH_A_QUOTA
    verified = town.books.verify()
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert town.witness.dead_letters() == 0
    _all_told(town, traffic)


def _all_credited(town: Town, traffic: Traffic) -> None:
    wanted = {command.purchase_id for command in traffic.purchases}
    town.witness.until(
        lambda: {event.purchase_id for event in town.witness.seen(PurchaseCredited)} == wanted,
        "every purchase is credited",
        timeout_s=PATIENCE_S,
    )


def _balances(town: Town) -> dict[str, int]:
    """The editors' latest balances, by workspace."""
    latest: dict[str, BalanceChanged] = {}
    for event in town.witness.seen(BalanceChanged, lambda event: event.user_id.endswith("-editor")):
        if event.workspace_id not in latest or latest[event.workspace_id].version < event.version:
            latest[event.workspace_id] = event
    return {workspace: event.usable for workspace, event in latest.items()}


def _all_told(town: Town, traffic: Traffic) -> None:
    """A receipt for each purchase, in-app: one notice each, whatever was announced twice."""
    wanted = {(command.purchase_id, command.actor_id) for command in traffic.purchases}

    def receipts() -> dict[str, tuple[str, str]]:
        told = town.witness.seen(NoticeDelivered, lambda n: (n.kind, n.channel) == ("purchase_receipt", "in_app"))
        return {notice.notice_id: (notice.about_id, notice.user_id) for notice in told}

    town.witness.until(lambda: set(receipts().values()) == wanted, "every buyer has a receipt", timeout_s=PATIENCE_S)
    assert len(receipts()) == PURCHASES
