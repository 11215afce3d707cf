"""`python -m tests.benchmark.renewal`: a great many accounts renew at one second, beside live traffic.

On the real embedded servers, with every sync to disk. Printed are figures and what they were measured on; nothing is
asserted but that the books are right.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.cluster import Cluster
from deploy.local.run_folder import RunFolder
from deploy.local.stack import DATABASE, Stack
from deploy.local.waiting import wait_until
from deploy.local.world import World
from services.cli.client import Client
from shared.contracts.catalog import PRICE_CATALOG
from tests.benchmark.many_accounts import ManyAccounts
from tests.benchmark.traffic import Latencies, Traffic
from tests.integration.credit_ledger.ledger import bad_checks, catalog
from tests.stack.database import Database

START_S = 120
WARM_UP_S = 5.0
LIVE_ACCOUNTS = 2_000  # of each phase its own: they are due as all others are, and their first use renews them


@dataclass
class Phase:
    """One stretch of the same traffic."""

    name: str
    duration_s: float
    renewed_by_use: int
    renewed_by_sweep: int
    latencies: Latencies
    outbox_rows_at_end: int


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 1 when the books are wrong or something was never answered."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark.renewal", description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000, help="that renew at one second")
    parser.add_argument("--rate", type=float, default=50.0, help="live messages a second; every fifth is a hold")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each of the three phases")
    parser.add_argument("--json", type=Path, help="a file for every single latency")
    options = parser.parse_args(argv)
    with RunFolder.claim_any("bench-renewal", keep=False) as run, Stack(run) as stack:
        report = _measure(stack, options.accounts, options.rate, options.seconds)
    if options.json:
        options.json.write_text(json.dumps(report, indent=None, separators=(",", ":")) + "\n")
    missing = sum(phase["latencies"]["missing"] for phase in report["phases"])
    return 1 if report["bad_checks"] or missing else 0


def _measure(stack: Stack, number: int, rate: float, seconds: float) -> dict[str, Any]:
    world = stack.world
    accounts = ManyAccounts(Cluster(stack.postgres.url).url(DATABASE), number, datetime.now(UTC))
    began = time.monotonic()
    accounts.write()
    print(f"{number:,} accounts written in {time.monotonic() - began:.0f} s")
    _start_worker(world, accounts)
    phases = Phases(world, accounts, rate)
    phases.play("warm-up", WARM_UP_S)
    quiet = phases.play("without sweep", seconds)
    untouched = accounts.renewed() - phases.used
    print(f"rows that the {number - phases.used:,} due and unused accounts have cost so far: {untouched}")
    accounts.make_due()
    busy = phases.play("beside the sweep", seconds)
    left = accounts.stop()
    phases.wait_until_told()
    after = phases.play("after it", seconds)
    phases.wait_until_told()
    world.stop()
    checks = bad_checks(Database(Cluster(stack.postgres.url), DATABASE))
    report: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "load_average": os.getloadavg(),
        "accounts": number,
        "rate_per_s": rate,
        "rows_of_unused": untouched,
        "not_swept": left,
        "phases": [asdict(phase) for phase in (quiet, busy, after)],
        "bad_checks": checks,
    }
    _print_table((quiet, busy, after), number)
    print(f"the books: {', '.join(checks) or 'right'}")
    return report


def _start_worker(world: World, accounts: ManyAccounts) -> None:
    client = Client(world.kafka("admin"), "/refill/billing")
    client.send(PRICE_CATALOG, catalog())
    client.close()
    world.workers["credit_ledger"].start()
    wait_until(lambda: accounts.count("SELECT count(*) FROM catalogs") == 1, START_S, "the catalog")


class Phases:
    """Plays stretches of traffic, each on accounts of its own."""

    def __init__(self, world: World, accounts: ManyAccounts, rate: float) -> None:
        self._kafka = world.kafka("admin")
        self._accounts = accounts
        self._rate = rate
        self._first = 0
        self.used = 0

    def play(self, name: str, for_s: float) -> Phase:
        """The same traffic as in every other phase."""
        before = self._accounts.renewed()
        traffic = Traffic(self._kafka, self._accounts.keys(self._first, LIVE_ACCOUNTS), self._rate)
        self._first += LIVE_ACCOUNTS
        began = time.monotonic()
        latencies = traffic.play(for_s)
        duration_s = time.monotonic() - began
        renewed = self._accounts.renewed() - before
        self.used += len(traffic.used)
        by_use = min(renewed, len(traffic.used))
        return Phase(name, duration_s, by_use, renewed - by_use, latencies, self._told())

    def wait_until_told(self) -> None:
        """Nothing of the phase before is left to be published."""
        wait_until(lambda: self._told() == 0, 600, "an empty outbox", pause_s=0.5)

    def _told(self) -> int:
        return self._accounts.count("SELECT count(*) FROM outbox")


def _print_table(phases: Sequence[Phase], number: int) -> None:
    print(f"\n| | usage p50, ms | p99 | max | hold p50, ms | p99 | max | renewed by sweep, /s | {number:,} take, s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for phase in phases:
        rate = phase.renewed_by_sweep / phase.duration_s
        figures = [*_figures(phase.latencies.usage_ms), *_figures(phase.latencies.hold_ms)]
        swept = [f"{rate:,.0f}", f"{number / rate:,.0f}"] if rate else ["-", "-"]
        print(f"| {' | '.join([phase.name, *figures, *swept])} |")
    quiet = [*phases[0].latencies.usage_ms, *phases[2].latencies.usage_ms]
    busy = phases[1].latencies.usage_ms
    ratios = [_quantile(busy, share) / _quantile(quiet, share) for share in (0.5, 0.99)]
    print(f"\nusage beside the sweep, in multiples of without: p50 {ratios[0]:.1f}, p99 {ratios[1]:.1f}")


def _figures(latencies_ms: list[float]) -> list[str]:
    return [f"{_quantile(latencies_ms, share):,.0f}" for share in (0.5, 0.99, 1.0)]


def _quantile(latencies_ms: list[float], share: float) -> float:
    ordered = sorted(latencies_ms)
    return statistics.median(ordered) if share == 0.5 else ordered[min(len(ordered) - 1, int(share * len(ordered)))]


if __name__ == "__main__":
    sys.exit(main())
