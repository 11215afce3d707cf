"""The households of one fault: workspaces of their own, so that each fault has its own counts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from uuid import uuid4

from deploy.local.run_folder import PROJECT
from deploy.stripe_sandbox.control import SandboxControl
from shared.contracts import catalog
from shared.contracts.message import Message
from shared.contracts.top_up_commands import Quote
from shared.contracts.topics import Topic
from tests.containers.faults.log_reader import LogReader
from tests.containers.faults.post import Letter, Post, line
from tests.e2e.town import PEOPLE, Household, contact, event_of, member, quote_command, workspace
from tests.e2e.waiting import wait_until

GOOD = 4
QUOTED = "billing.top-up-quoted.v1"


def _household() -> Household:
    return Household(f"home-{uuid4().hex[:10]}")


@dataclass
class Homes:
    """Some whose card is good, and one whose card the bank declines."""

    good: list[Household] = field(default_factory=lambda: [_household() for _ in range(GOOD)])
    declining: Household = field(default_factory=_household)
    quotes: dict[str, Quote] = field(default_factory=dict)
    package_credits: int = 0

    @property
    def names(self) -> list[str]:
        return [home.name for home in (*self.good, self.declining)]


def settle(post: Post, reader: LogReader, sandbox: SandboxControl) -> Homes:
    """New households. Returns when billing has quoted for each; the other services wait for what they do not know."""
    homes = Homes()
    for home in (*homes.good, homes.declining):
        card = "pm_card_visa_chargeDeclined" if home is homes.declining else "pm_card_visa"
        sandbox.customer(home.customer, cards=((home.card, card),))
        post.deliver(
            [
                letter(catalog.WORKSPACE_DIRECTORY, workspace(home)),
                *(letter(catalog.WORKSPACE_DIRECTORY, member(home, home.person(role), role)) for role in PEOPLE),
                *(letter(catalog.WORKSPACE_CONTACT, contact(home, role)) for role in PEOPLE),
                letter(catalog.TOP_UP_COMMANDS, quote_command(home)),
            ]
        )
    wait_until(lambda: _quoted(reader, homes) >= set(homes.names), "billing has quoted for every household")
    for seen in reader.seen(QUOTED):
        if seen.data["workspace_id"] in homes.names:
            homes.quotes[seen.data["workspace_id"]] = Quote.model_validate_json(line(seen.data["quote"]))
            homes.package_credits = seen.data["credits_each"]
    return homes


def letter(topic: Topic, message: Message) -> Letter:
    """The message as an event under its own key."""
    return Letter(topic, line(event_of(message)), message.key().encode())


def _quoted(reader: LogReader, homes: Homes) -> set[str]:
    return {seen.data["workspace_id"] for seen in reader.seen(QUOTED)}


def example_catalog() -> Message:
    """What is for sale in the examples."""
    event = json.loads((PROJECT / "examples" / "catalog.json").read_text())
    return catalog.PRICE_CATALOG.messages[0].read(event["data"])
