"""Money, log and mails, each read where it stands: the sandbox's file on disk, the broker's log, the mail server."""

from __future__ import annotations

import json
import re
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.containers.faults.homes import Homes
from tests.containers.faults.log_reader import Seen
from tests.containers.faults.memory import Memory
from tests.containers.faults.tally import Tally, once

PAID = "billing.purchase-paid.v1"
DECLINED = "billing.purchase-declined.v1"
REFUSED = "billing.command-refused.v1"
CREDITED = "credit-ledger.purchase-credited.v1"
USAGE_REFUSED = "credit-ledger.usage-refused.v1"
BURNED = "credit-ledger.credits-burned.v1"
TOLD = "notification.notice-delivered.v1"

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MAIL_TIMEOUT_S = 30


def money(journal: Path, memory: Memory, homes: Homes) -> list[Tally]:
    """What the processor took from the cards of these households: one charge for each purchase that was to be paid."""
    customers = {home.customer for home in (*homes.good, homes.declining)}
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    taken = [
        (line["metadata"].get("purchase_id", line["charge"]), line["amount_minor"])
        for line in lines
        if line["effect"] == "charge_succeeded" and line["customer"] in customers
    ]
    paid = memory.purchases_of("paid")
    return [
        Tally("journal: charges", once(p.purchase_id for p in paid), Counter(purchase for purchase, _ in taken)),
        Tally("journal: money taken", {p.purchase_id: p.total_minor for p in paid}, _sums(taken)),
    ]


def log(seen: Sequence[Seen], memory: Memory, homes: Homes) -> list[Tally]:
    """What the services published about these households. The same event again, under the same id, is one event."""
    events = distinct(seen, homes)
    paid = once(purchase.purchase_id for purchase in memory.purchases_of("paid"))
    answered = {seen.event.get("correlationid", "") for seen in events if seen.topic == "billing.top-up.v1"}
    dead = sum(1 for each in seen if each.topic.endswith(".dead-letter.v1"))

    def of(kind: str, name: Callable[[Seen], str] = lambda each: str(each.data["purchase_id"])) -> Counter[str]:
        return Counter(name(each) for each in events if each.event["type"] == kind)

    def sums(number: Callable[[Seen], int]) -> dict[str, int]:
        return _sums((each.data["workspace_id"], number(each)) for each in events if each.event["type"] == BURNED)

    refused = of(REFUSED)
    return [
        Tally("log: paid purchases", paid, of(PAID)),
        Tally("log: credited purchases", paid, of(CREDITED)),
        Tally("log: declined purchases", once(p.purchase_id for p in memory.purchases_of("declined")), of(DECLINED)),
        # Each copy of a command is answered, so a refusal may come once for each.
        Tally("log: refused purchases", once(p.purchase_id for p in memory.purchases_of("refused")), once(refused)),
        Tally("log: commands with an answer", once(memory.commands), once(answered & set(memory.commands))),
        Tally(
            "log: refused usages",
            once(usage.usage_id for usage in memory.usages_of("refused")),
            of(USAGE_REFUSED, lambda each: str(each.data["usage_id"])),
        ),
        Tally("log: usages burned", memory.burnings(), sums(lambda each: int(each.data["usages"]))),
        Tally("log: credits burned", memory.burned(), sums(lambda each: int(each.data["credits"]))),
        *(Tally(f"log: receipts {channel}", paid, _receipts(events, channel)) for channel in ("in_app", "email")),
        Tally("log: dead letters", {}, {"all": dead}),
    ]


def distinct(seen: Iterable[Seen], homes: Homes) -> list[Seen]:
    """The events about these households, each once."""
    names = set(homes.names)
    first: dict[tuple[str, str], Seen] = {}
    for each in seen:
        if each.data.get("workspace_id") in names:
            first.setdefault(each.identity, each)
    return list(first.values())


def repeated(seen: Sequence[Seen], homes: Homes) -> int:
    """How many events stand in the log once more under the same id: at-least-once, as promised."""
    names = set(homes.names)
    return sum(1 for each in seen if each.data.get("workspace_id") in names) - len(distinct(seen, homes))


def mails(maildev: str, memory: Memory) -> tuple[list[Tally], int]:
    """Receipts by the Message-ID that mail programs tell copies by, and how many copies there are beyond them."""
    with urllib.request.urlopen(f"{maildev}/api/email", timeout=MAIL_TIMEOUT_S) as answer:
        arrived = json.load(answer)
    ids: dict[str, list[str]] = defaultdict(list)
    for mail in arrived:
        if mail["subject"].startswith("Receipt:"):
            (recipient,) = mail["envelope"]["to"]
            for purchase_id in set(UUID.findall(mail["text"])) & memory.purchases.keys():
                assert recipient["address"] == f"{memory.purchases[purchase_id].buyer}@example.test"
                ids[purchase_id].append(mail["headers"]["message-id"])
    paid = once(purchase.purchase_id for purchase in memory.purchases_of("paid"))
    tally = Tally("mails: receipts", paid, {purchase: len(set(found)) for purchase, found in ids.items()})
    return [tally], sum(len(found) - len(set(found)) for found in ids.values())


def _receipts(events: Iterable[Seen], channel: str) -> Counter[str]:
    return Counter(
        each.data["about_id"]
        for each in events
        if each.event["type"] == TOLD and (each.data["kind"], each.data["channel"]) == ("purchase_receipt", channel)
    )


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for name, number in pairs:
        sums[name] += number
    return sums
