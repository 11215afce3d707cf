"""How many requests the endpoint lets in. The clock is the test's."""

from __future__ import annotations

import pytest

from services.billing.app import CHARGES_AT_ONCE
from services.billing.endpoint.rates import PAGES, PEERS_KEPT, WEBHOOKS, Allowance, Gate, Rate

EVENTS_OF_A_PURCHASE = 4  # created, succeeded, charge succeeded, charge updated


def let_in(gate: Gate, host: str, requests: int, now_s: float) -> int:
    return sum(1 for _ in range(requests) if gate.wait_s(host, now_s) == 0)


def test_a_burst_goes_in_at_once_and_then_as_many_as_the_rate_says() -> None:
    gate = Gate(Allowance(Rate(10, 50), Rate(1_000, 1_000)), 0.0)
    assert let_in(gate, "192.0.2.1", 60, 0.0) == 50
    assert gate.wait_s("192.0.2.1", 0.0) == pytest.approx(0.1)
    assert let_in(gate, "192.0.2.1", 60, 1.0) == 10
    assert let_in(gate, "192.0.2.1", 60, 1_000.0) == 50


def test_a_request_that_is_refused_costs_nothing() -> None:
    gate = Gate(Allowance(Rate(1, 1), Rate(1_000, 1_000)), 0.0)
    assert let_in(gate, "192.0.2.1", 1_000, 0.0) == 1
    assert let_in(gate, "192.0.2.1", 1, 1.0) == 1


def test_one_peer_takes_nothing_away_from_another() -> None:
    gate = Gate(WEBHOOKS, 0.0)
    assert let_in(gate, "192.0.2.1", 10_000, 0.0) == WEBHOOKS.peer.burst
    assert let_in(gate, "192.0.2.2", WEBHOOKS.peer.burst, 0.0) == WEBHOOKS.peer.burst


def test_a_thousand_peers_together_are_let_in_no_more_often_than_everyone() -> None:
    gate = Gate(WEBHOOKS, 0.0)
    assert sum(let_in(gate, f"192.0.2.{number}", 1, 0.0) for number in range(10_000)) == WEBHOOKS.everyone.burst


def test_whoever_has_a_network_of_addresses_is_one_peer() -> None:
    gate = Gate(Allowance(Rate(1, 5), Rate(1_000, 1_000)), 0.0)
    assert sum(let_in(gate, f"2001:db8:1:2::{number:x}", 1, 0.0) for number in range(1, 100)) == 5
    assert let_in(gate, "2001:db8:1:3::1", 1, 0.0) == 1


@pytest.mark.parametrize("name", ["", "unknown", "no address, " * 1_000])
def test_a_name_that_is_no_address_is_a_peer_too(name: str) -> None:
    gate = Gate(Allowance(Rate(1, 2), Rate(1_000, 1_000)), 0.0)
    assert let_in(gate, name, 5, 0.0) == 2


def test_peers_are_forgotten_the_one_first_that_was_seen_longest_ago() -> None:
    gate = Gate(Allowance(Rate(0.001, 1), Rate(100_000, 100_000)), 0.0)
    for number in range(PEERS_KEPT):
        assert let_in(gate, f"peer-{number}", 1, 0.0) == 1
    assert let_in(gate, "peer-0", 1, 0.0) == 0
    assert let_in(gate, "one more", 1, 0.0) == 1
    assert let_in(gate, "peer-0", 1, 0.0) == 0
    assert let_in(gate, "peer-1", 1, 0.0) == 1


def test_what_stripe_tells_of_all_that_a_worker_can_charge_fits_three_times_over() -> None:
    gate = Gate(WEBHOOKS, 0.0)
    events_per_s = 3 * CHARGES_AT_ONCE * EVENTS_OF_A_PURCHASE
    assert all(let_in(gate, "192.0.2.1", events_per_s, float(second)) == events_per_s for second in range(600))
    restart_s = 15
    assert let_in(Gate(WEBHOOKS, 0.0), "192.0.2.1", restart_s * events_per_s // 3, 0.0) == restart_s * events_per_s // 3


def test_a_person_who_reloads_a_page_gets_it() -> None:
    gate = Gate(PAGES, 0.0)
    assert all(let_in(gate, "192.0.2.1", 1, second / 2) == 1 for second in range(100))
