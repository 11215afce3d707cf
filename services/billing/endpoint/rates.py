"""How many requests are let in: token buckets, one for each peer and one for all of them together."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field

# Known by their buckets; beyond that the one seen longest ago starts afresh, and the bucket of all stands behind it.
PEERS_KEPT = 4_096
LONGEST_NAME = 64  # an address in text is at most 45 characters; a proxy may write anything


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second for ever, and how many may come at once after a quiet time."""

    per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one peer may send, and what all may send together."""

    peer: Rate
    everyone: Rate


# One worker charges 8 cards at once, each a second or so; Stripe tells of a purchase in about 4 events: 32 a second.
# One peer may send three times that, and at once what Stripe held back over a restart of 15 seconds; Stripe has a dozen
# addresses, or behind a proxy one. What is refused comes again for three days, and the payment is read meanwhile.
WEBHOOKS = Allowance(peer=Rate(100, 500), everyone=Rate(300, 1_500))
# A person opens a link, reloads it, comes back. All together ask Stripe 20 times a second at the most: its limit is 100
# for the whole account, and charges need it.
PAGES = Allowance(peer=Rate(2, 20), everyone=Rate(20, 100))


@dataclass(slots=True)
class Bucket:
    """Fills at its rate up to its burst; each request takes one token."""

    rate: Rate
    filled_at_s: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.rate.burst

    def wait_s(self, now_s: float) -> float:
        """How long until there is a token; 0 when there is one. Takes nothing."""
        self.tokens = min(self.rate.burst, self.tokens + (now_s - self.filled_at_s) * self.rate.per_s)
        self.filled_at_s = now_s
        return max(0.0, (1 - self.tokens) / self.rate.per_s)

    def take(self) -> None:
        """One request goes in."""
        self.tokens -= 1


class Gate:
    """Lets requests of one allowance in, by their peer's name."""

    def __init__(self, allowance: Allowance, now_s: float) -> None:
        self._allowance = allowance
        self._everyone = Bucket(allowance.everyone, now_s)
        self._peers: OrderedDict[str, Bucket] = OrderedDict()

    def wait_s(self, host: str, now_s: float) -> float:
        """0 when the request is let in, which is counted then; else how many seconds to stay away."""
        buckets = (self._peer(_name(host), now_s), self._everyone)
        wait_s = max(bucket.wait_s(now_s) for bucket in buckets)
        if wait_s == 0:
            for bucket in buckets:
                bucket.take()
        return wait_s

    def _peer(self, name: str, now_s: float) -> Bucket:
        bucket = self._peers.pop(name, None) or Bucket(self._allowance.peer, now_s)
        self._peers[name] = bucket
        if len(self._peers) > PEERS_KEPT:
            self._peers.popitem(last=False)
        return bucket


def _name(host: str) -> str:
    """Of an IPv6 address the network, since whoever has one has 2^64 of them."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:LONGEST_NAME]
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
