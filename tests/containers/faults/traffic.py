"""The driver: purchases and usage without a pause, through every outage, and the memory of all that was sent."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from itertools import count
from uuid import uuid4

from shared.contracts import catalog
from shared.contracts.top_up_commands import PurchaseTopUp
from tests.containers.faults.homes import Homes
from tests.containers.faults.memory import Memory, Purchase, PurchaseFate, Usage, UsageFate
from tests.containers.faults.post import Event, Letter, Post, line
from tests.e2e.town import Household, event_of, purchase_command, usage_event

# A fault is judged by what it does to a system that keeps up: as much as two cores do beside the servers, their faults,
# this driver and other tests.
PURCHASE_EVERY_S = 1.0
USAGES_EVERY_S = 1.0
MOST_CREDITS = 4  # all usages together stay far below a quota: none is refused that should be burned
MORE_THAN_ANYBODY_HAS = 900_000_000
DECLINED_AT_MOST = 8  # a method may fail 15 times in 30 days (B13)

FATES: tuple[PurchaseFate, ...] = ("paid",) * 8 + ("refused", "declined")
USAGE_FATES: tuple[UsageFate, ...] = ("burned",) * 9 + ("refused",)


class Traffic:
    """Seeded: what is sent does not depend on chance, only how much of it is."""

    def __init__(self, homes: Homes, post: Callable[[], Post], partitions: int, seed: int) -> None:
        self.memory = Memory()
        self._homes = homes
        self._post = post
        self._partitions = partitions
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._drive, args=(play, pause_s, random.Random(seed)), name=play.__name__)
            for play, pause_s in ((self._buy, PURCHASE_EVERY_S), (self._use, USAGES_EVERY_S))
        ]
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def stop(self) -> None:
        """Sends no more. Raises what a thread ended with."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self.check()

    def check(self) -> None:
        """Raises what a thread ended with."""
        for failure in self._failures:
            raise failure

    def _drive(self, play: Callable[[Post, int, random.Random], None], pause_s: float, chance: random.Random) -> None:
        post = self._post()
        try:
            for number in count():
                started = time.monotonic()
                play(post, number, chance)
                if self._stopping.wait(max(0.0, pause_s - (time.monotonic() - started))):
                    break
        except BaseException as failure:
            self._failures.append(failure)
        finally:
            post.close()

    def _buy(self, post: Post, number: int, chance: random.Random) -> None:
        """Every third command comes twice (B7)."""
        fate = FATES[number % len(FATES)]
        if fate == "declined" and len(self.memory.purchases_of("declined")) >= DECLINED_AT_MOST:
            fate = "paid"
        home = self._homes.declining if fate == "declined" else chance.choice(self._homes.good)
        actor = home.person("viewer" if fate == "refused" else chance.choice(("owner", "admin")))
        quote = self._homes.quotes[home.name]
        command = purchase_command(home, quote, actor=actor)
        self.memory.purchases[command.purchase_id] = Purchase(
            purchase_id=command.purchase_id,
            workspace=home.name,
            buyer=actor,
            fate=fate,
            total_minor=quote.total_minor,
            credits=self._homes.package_credits,
            sent_at=time.monotonic(),
        )
        for _ in range(2 if number % 3 == 0 else 1):
            self._deliver(post, [self._command(command)])

    def _use(self, post: Post, number: int, chance: random.Random) -> None:
        """Some come twice, each time to another partition, as a product without keys sends them (C11)."""
        letters: list[Letter] = []
        for fate in USAGE_FATES:
            usage = line(self._usage(fate, chance))
            for _ in range(chance.choice((1, 1, 1, 2))):
                letters.append(Letter(catalog.PRODUCT_USAGE, usage, partition=chance.randrange(self._partitions)))
        self._deliver(post, letters)

    def _usage(self, fate: UsageFate, chance: random.Random) -> Event:
        home: Household = chance.choice(self._homes.good)
        credits = chance.randint(1, MOST_CREDITS) if fate == "burned" else MORE_THAN_ANYBODY_HAS
        usage_id = str(uuid4())
        self.memory.usages[usage_id] = Usage(usage_id, home.name, credits, fate, time.monotonic())
        return usage_event(home, credits, usage_id=usage_id)

    def _command(self, command: PurchaseTopUp) -> Letter:
        event = event_of(command)
        self.memory.commands[event["id"]] = command.purchase_id
        return Letter(
            catalog.TOP_UP_COMMANDS, line({**event, "correlationid": event["id"]}), command.workspace_id.encode()
        )

    def _deliver(self, post: Post, letters: list[Letter]) -> None:
        taken = post.deliver(letters)
        self.memory.took(len(letters), taken.sent_again, taken.seconds)
