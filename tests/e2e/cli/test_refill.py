"""The command line with real workers: from an empty stack to credits bought and explained, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.local.world import World
from deploy.stripe_sandbox.control import SandboxControl

PROJECT = Path(__file__).parents[3]
EXAMPLES = PROJECT / "examples"
PURCHASE_ID = "0198c0de-0000-7000-8000-00000000c11a"
MOST_LOOKS = 60  # each takes a second or more; what is looked for takes less than one altogether
CARDS = (("pm_acme_visa", "pm_card_visa"),)

Documents = list[dict[str, Any]]
Refill = Callable[..., Documents]


@pytest.fixture
def refill(world: World) -> Refill:
    """Runs `refill ... --json` in a process of its own, as somebody with the world's `.refill/env` would."""
    SandboxControl(f"http://127.0.0.1:{world.sandbox.port}").customer("cus_acme", cards=CARDS)
    world.start_workers()

    def run(*words: str, code: int = 0, as_json: bool = True) -> Documents:
        command = [sys.executable, "-m", "services.cli", *words, *(["--json"] if as_json else [])]
        ended = subprocess.run(
            command, cwd=PROJECT, env=world.environment_of("command-line"), capture_output=True, text=True, check=False
        )
        assert ended.returncode == code, (words, ended.stdout, ended.stderr)
        return [json.loads(line) for line in ended.stdout.splitlines()] if as_json else []

    return run


@pytest.mark.rule("A1", "A4", "B1", "B6", "B7", "B8", "N1")
def test_a_person_at_a_terminal_gets_from_nothing_to_credits_that_are_explained(refill: Refill) -> None:
    # Given a workspace, its people and a catalog, sent from files.
    for kind, name in (("directory", "directory.jsonl"), ("directory", "contacts.jsonl")):
        refill("import", kind, str(EXAMPLES / name))
    refill("catalog", "publish", str(EXAMPLES / "catalog.json"))

    # When an editor asks, those who may not are refused.
    asked = refill("request", "acme", "--as", "erin", "--package", "credits-10k")[-1]["data"]
    refused = refill("request", "acme", "--as", "victor", "--package", "credits-10k", code=1)[-1]["data"]
    assert refused["reason"] == "cannot_edit"

    # And the admin reviews, buys for two, and buys again under the same id.
    words = ("buy", "acme", "--as", "adam", "--purchase-id", PURCHASE_ID, "--request", asked["request_id"], "--yes")
    what = ("--package", "credits-10k", "--editor", "erin", "--editor", "emil")
    *_, bought = refill(*words, *what)
    assert {line["user_id"] for line in bought["data"]["lines"]} == {"emil", "erin"}
    *_, again = refill(*words, *what)
    assert again["data"]["state"] == "credited"

    # Then an import of a trace burns credits, once however often it is imported.
    trace = ("import", "usage", str(EXAMPLES / "usage-trace.csv"), "--workspace", "acme", "--user", "erin")
    assert refill(*trace) == refill(*trace)

    # And what is held for work under way is captured or given back.
    held = refill("hold", "acme/emil", "120", "--hold-id", "h1")[-1]["data"]
    assert held["credits"] == 120
    assert refill("hold", "acme/emil", "999999", code=1)[-1]["data"]["reason"] == "insufficient_credits"
    assert refill("capture", "acme", "h1", "97")[-1]["data"]["returned"] == 23
    assert refill("release", "acme", "h1", code=1)[-1]["data"]["reason"] == "hold_captured"
    assert _burned_by_holds(refill) == 97

    # And everything can be seen: what is there, where it came from, who was told; and the books are right.
    explained = _settled(refill)
    assert explained["adds_up"] is True
    origins = {lot["origin"].partition(" ")[0]: lot for lot in explained["lots"]}
    assert origins["purchase"]["origin"] == f"purchase {PURCHASE_ID} by adam"
    assert origins["period"]["remaining"] == 0
    _told(refill, {("olivia", "top_up_requested"), ("erin", "request_resolved"), ("adam", "purchase_receipt")})
    told = refill("notices", "--user", "adam")[-1]["data"]["notice_id"]
    assert refill("mark", "adam", "handled", told)[-1]["data"]["notices"][0]["state"] == "handled"
    assert refill("preference", "adam", "credits_low", "--no-email")[-1]["data"]["by_email"] is False
    assert refill("verify")[-1]["ok"] is True
    refill("balance", "acme", as_json=False)
    refill("explain", "acme/erin", as_json=False)


def _settled(refill: Refill) -> dict[str, Any]:
    """What `explain` says once the ledger has decided about every usage of the trace."""
    rows = len((EXAMPLES / "usage-trace.csv").read_text().splitlines()) - 1
    for _ in range(MOST_LOOKS):
        explained = refill("explain", "acme/erin")[-1]
        burned = sum(event["data"].get("usages", 0) for event in explained["events"])
        refused = sum(1 for event in explained["events"] if event["type"] == "credit-ledger.usage-refused.v1")
        if burned + refused >= rows and explained["adds_up"]:
            return explained
    raise AssertionError(f"{burned} burned and {refused} refused of {rows}; adds up: {explained['adds_up']}")


def _burned_by_holds(refill: Refill) -> int:
    """What `explain` says once the capture has been told."""
    for _ in range(MOST_LOOKS):
        explained = refill("explain", "acme/emil")[-1]
        if explained["adds_up"] and any(
            event["type"] == "credit-ledger.hold-ended.v1" for event in explained["events"]
        ):
            break
    assert [lot["held"] for lot in explained["lots"] if lot["held"]] == []
    return sum(lot["burned"] for lot in explained["lots"])


def _told(refill: Refill, expected: set[tuple[str, str]]) -> None:
    for _ in range(MOST_LOOKS):
        notices = refill("notices", "--workspace", "acme")
        if expected <= {(notice["data"]["user_id"], notice["data"]["kind"]) for notice in notices}:
            return
    raise AssertionError(notices)


@pytest.mark.rule("B9")
def test_a_declined_purchase_is_retried_with_another_card(refill: Refill, world: World) -> None:
    cards = (("pm_acme_visa", "pm_card_visa_chargeDeclinedInsufficientFunds"), ("pm_other", "pm_card_visa"))
    SandboxControl(f"http://127.0.0.1:{world.sandbox.port}").customer("cus_other", cards=cards)
    directory = EXAMPLES.joinpath("directory.jsonl").read_text().replace("cus_acme", "cus_other")
    path = world.folder / "directory.jsonl"
    path.write_text(directory)
    refill("import", "directory", str(path))
    refill("catalog", "publish", str(EXAMPLES / "catalog.json"))
    words = ("buy", "acme", "--as", "adam", "--package", "credits-3k", "--editor", "gina", "--yes")
    *_, declined = refill(*words, "--purchase-id", PURCHASE_ID, code=1)
    assert declined["data"]["reason"] == "card_declined"
    *_, credited = refill("retry", "acme", PURCHASE_ID, "--as", "adam", "--method", "pm_other")
    assert credited["data"]["purchase_id"] == PURCHASE_ID
