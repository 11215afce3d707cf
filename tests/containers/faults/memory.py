"""What the driver remembers: every id that it sent, and what must come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

PurchaseFate = Literal["paid", "declined", "refused"]
UsageFate = Literal["burned", "refused"]


@dataclass(frozen=True)
class Purchase:
    """A purchase command under its own id. `sent_at` is the driver's clock when it began to send the first copy."""

    purchase_id: str
    workspace: str
    buyer: str
    fate: PurchaseFate
    total_minor: int
    credits: int
    sent_at: float


@dataclass(frozen=True)
class Usage:
    """One usage of a household's editor, or of its viewer, who may use none."""

    usage_id: str
    workspace: str
    credits: int
    fate: UsageFate
    sent_at: float


@dataclass
class Memory:
    """Written before anything is sent: what Kafka may have got without saying so counts as sent."""

    purchases: dict[str, Purchase] = field(default_factory=dict)
    usages: dict[str, Usage] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    """The event id of each copy of a purchase command, and the purchase that it is about."""
    messages: int = 0
    sent_again: int = 0
    """Copies that Kafka did not confirm in time, sent once more under the same ids."""
    longest_send_s: float = 0.0

    def took(self, messages: int, sent_again: int, seconds: float) -> None:
        """Kafka has these messages at last."""
        self.messages += messages
        self.sent_again += sent_again
        self.longest_send_s = max(self.longest_send_s, seconds)

    def purchases_of(self, *fates: PurchaseFate) -> list[Purchase]:
        return [purchase for purchase in list(self.purchases.values()) if purchase.fate in fates]

    def usages_of(self, fate: UsageFate) -> list[Usage]:
        return [usage for usage in list(self.usages.values()) if usage.fate == fate]

    def bought(self) -> dict[str, int]:
        """Credits bought by workspace."""
        return _sums((purchase.workspace, purchase.credits) for purchase in self.purchases_of("paid"))

    def burned(self) -> dict[str, int]:
        """Credits burned by workspace."""
        return _sums((usage.workspace, usage.credits) for usage in self.usages_of("burned"))

    def burnings(self) -> dict[str, int]:
        """Usages burned by workspace."""
        return Counter(usage.workspace for usage in self.usages_of("burned"))


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for name, number in pairs:
        sums[name] += number
    return sums
