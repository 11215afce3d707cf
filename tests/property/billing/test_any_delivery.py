"""Commands in any order, any number of times, between any turns of the completer and any faults: the money is right."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from services.billing.handlers.timers import CHARGE, SETTLE
from shared.contracts.message import Message
from shared.contracts.top_up_commands import CancelRequest, DeclineRequest
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchaseAccepted,
    PurchaseCancelled,
    PurchaseDeclined,
    PurchasePaid,
    PurchaseStatus,
    RequestCancelled,
    RequestClaimed,
    RequestDeclined,
    RequestFulfilled,
    TopUpRequested,
)
from tests.integration.billing.messages import ask, buy, credited, quote, retry, workspace
from tests.integration.billing.till import Till

FAULTS = ("before", "after")


def story(chance: random.Random) -> list[Message]:
    """Requests, purchases for them by two admins, retries and changed minds, each up to three times, shuffled."""
    requests = [ask("erin"), ask("gina"), ask("erin")]
    purchases = [buy(actor, request_id=request.request_id) for request in requests for actor in ("adam", "olivia")]
    purchases += [buy(), buy(quote=quote("emil")), buy("victor"), buy(quote=quote(price_minor=1))]
    said: list[Message] = [*requests, *purchases, *(retry(purchase) for purchase in purchases)]
    said += [
        CancelRequest(workspace_id="acme", actor_id="gina", request_id=requests[1].request_id),
        DeclineRequest(workspace_id="acme", actor_id="adam", request_id=requests[2].request_id, reason="no"),
    ]
    repeated = [message for message in said for _ in range(chance.randint(1, 3))]
    chance.shuffle(repeated)
    return repeated


@pytest.mark.rule("B7", "B9", "B10", "A4", "A5")
@pytest.mark.case(2, 4, 5, 16)
@pytest.mark.parametrize("seed", range(12))
def test_any_delivery_of_any_story_charges_each_purchase_at_most_once_and_tells_it(till: Till, seed: int) -> None:
    chance = random.Random(seed)
    commands = story(chance)
    for number, command in enumerate(commands):
        if chance.random() < 0.2:
            till.sandbox.fault(stage=chance.choice(FAULTS), action="reset")  # type: ignore[arg-type]  # FAULTS are its words
        if chance.random() < 0.2:
            methods = ("pm_good", "pm_bad", "pm_slow")
            till.hand_in(workspace(version=number + 2, payment_method_id=chance.choice(methods)))
        till.hand_in(command)
        if chance.random() < 0.4:
            till.later(timedelta(seconds=chance.randint(0, 60)))
            till.turn(chance.choice((CHARGE, SETTLE)))
    till.sandbox.clear_faults()
    for _ in range(3):
        till.later(timedelta(hours=9))
        till.settle_everything()
    for paid in till.told(PurchasePaid):
        till.hand_in(credited(paid))

    charged = Counter(charge["metadata"]["purchase_id"] for charge in till.charges())
    told_paid = Counter(paid.purchase_id for paid in till.told(PurchasePaid))
    assert charged == told_paid
    assert set(charged.values()) <= {1}
    assert sum(charge["amount_minor"] for charge in till.charges()) == sum(
        paid.total_minor for paid in till.told(PurchasePaid)
    )
    assert set(charged) <= {accepted.purchase_id for accepted in till.told(PurchaseAccepted)}
    cancelled = {each.purchase_id for each in till.told(PurchaseCancelled)}
    assert not cancelled & set(charged)
    for requested in till.told(TopUpRequested):
        buyers = [claim.purchase_id for claim in till.told(RequestClaimed) if claim.request_id == requested.request_id]
        assert len(set(buyers) - cancelled) <= 1
        ends = [
            end
            for kind in (RequestFulfilled, RequestDeclined, RequestCancelled)
            for end in till.told(kind)
            if end.request_id == requested.request_id
        ]
        assert len(ends) <= 1
    ids = Counter(outgoing.event_id for outgoing in till.said if outgoing.event_id)
    assert set(ids.values()) == {1}
    answers = (CommandRefused, PurchaseAccepted, PurchaseStatus, TopUpRequested, RequestDeclined, RequestCancelled)
    assert sum(len(till.told(answer)) for answer in answers) == len(commands)
    assert len(till.told(PurchaseDeclined)) <= len(commands)
