"""What is answered only after the wait, 30 s: people and workspaces whose directory message may be on its way."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from shared.contracts import catalog
from shared.contracts.message import Message
from shared.contracts.top_up_commands import PurchaseTopUp
from tests.e2e.town import Household, Town, line, purchase_command, quote_command, usage_event


@dataclass(frozen=True)
class Strangers:
    """Everything that is answered only after the wait, sent at once, so that the tests wait together. In a household
    of its own: what follows in the same workspace keeps its order, and waits too."""

    home: Household
    purchase_by_other_admin: PurchaseTopUp
    answers: dict[str, str]
    usage_id: str


def send_strangers(town: Town) -> Strangers:
    """Send them all. Returns what their tests look for."""
    home, neighbours = town.household(), town.household()
    purchase = purchase_command(home, town.quote(home), actor=neighbours.person("admin"))
    nowhere = Household(f"nowhere-{uuid4().hex[:8]}")
    commands: dict[str, Message] = {
        "another tenant's admin": purchase,
        "another tenant's editor": quote_command(home, neighbours.person("editor")),
        "an unknown workspace": quote_command(nowhere),
    }
    usage_id = str(uuid4())
    for usage in (
        usage_event(home, usage_id=usage_id, user_id=neighbours.person("editor")),
        usage_event(nowhere, usage_id=usage_id),
    ):
        town.send_raw(catalog.PRODUCT_USAGE, line(usage))
    return Strangers(
        home,
        purchase,
        {what: town.client.send(catalog.TOP_UP_COMMANDS, command) for what, command in commands.items()},
        usage_id,
    )
