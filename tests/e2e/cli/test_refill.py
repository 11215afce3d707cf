"""The command line with real workers: from an empty workspace to credits bought and explained, as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploy.stripe_sandbox.control import SandboxControl
from tests.e2e.town import Town

PROJECT = Path(__file__).parents[3]
EXAMPLES = PROJECT / "examples"
MOST_LOOKS = 60  # each takes a second or more; what is looked for takes less than one altogether

Documents = list[dict[str, Any]]
Refill = Callable[..., Documents]


@pytest.fixture
def refill(town: Town) -> Refill:
    """Runs `refill ... --json` in a process of its own, as somebody with the world's `.refill/env` would."""

    def run(*words: str, code: int = 0, as_json: bool = True) -> Documents:
        command = [sys.executable, "-m", "services.cli", *words, *(["--json"] if as_json else [])]
        environment = town.world.environment_of("command-line")
        ended = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == code, (words, ended.stdout, ended.stderr)
        return [json.loads(line) for line in ended.stdout.splitlines()] if as_json else []

    return run


@dataclass(frozen=True)
class Acme:
    """The examples' workspace under a name of its own, so that many of it live in one town."""

    workspace: str
    folder: Path

    @property
    def customer(self) -> str:
        return f"cus_{self.workspace}"

    def file(self, name: str) -> str:
        """The path of an example, with this workspace in it."""
        path = self.folder / name
        lines = EXAMPLES.joinpath(name).read_text().replace("acme", self.workspace).splitlines()
        events = [json.loads(line) for line in lines]
        path.write_text(
            "".join(json.dumps({**event, "id": f"{self.workspace}-{event['id']}"}) + "\n" for event in events)
        )
        return str(path)


@pytest.fixture
def acme(tmp_path: Path) -> Acme:
    return Acme(f"acme-{uuid4().hex[:8]}", tmp_path)


@pytest.mark.rule("A1", "A4", "B1", "B6", "B7", "B8", "N1")
def test_a_person_at_a_terminal_gets_from_nothing_to_credits_that_are_explained(
    refill: Refill, town: Town, acme: Acme
) -> None:
    # Given a workspace, its people and a catalog, sent from files.
    open_account(town, acme, pm_acme="pm_card_visa")
    space, purchase_id = acme.workspace, str(uuid4())
    for name in ("directory.jsonl", "contacts.jsonl"):
        refill("import", "directory", acme.file(name))
    refill("catalog", "publish", str(EXAMPLES / "catalog.json"))

    # When an editor asks, those who may not are refused.
    asked = refill("request", space, "--as", "erin", "--package", "credits-10k")[-1]["data"]
    refused = refill("request", space, "--as", "victor", "--package", "credits-10k", code=1)[-1]["data"]
    assert refused["reason"] == "cannot_edit"

    # And the admin reviews, buys for two, and buys again under the same id.
    words = ("buy", space, "--as", "adam", "--purchase-id", purchase_id, "--request", asked["request_id"], "--yes")
    what = ("--package", "credits-10k", "--editor", "erin", "--editor", "emil")
    *_, bought = refill(*words, *what)
    assert {line["user_id"] for line in bought["data"]["lines"]} == {"emil", "erin"}
    *_, again = refill(*words, *what)
    assert again["data"]["state"] == "credited"

    # Then an import of a trace burns credits, once however often it is imported.
    trace = ("import", "usage", str(EXAMPLES / "usage-trace.csv"), "--workspace", space, "--user", "erin")
    assert refill(*trace) == refill(*trace)

    # And what is held for work under way is captured or given back.
    held = refill("hold", f"{space}/emil", "120", "--hold-id", "h1")[-1]["data"]
    assert held["credits"] == 120
    assert refill("hold", f"{space}/emil", "999999", code=1)[-1]["data"]["reason"] == "insufficient_credits"
    assert refill("capture", space, "h1", "97")[-1]["data"]["returned"] == 23
    assert refill("release", space, "h1", code=1)[-1]["data"]["reason"] == "hold_captured"
    assert _burned_by_holds(refill, space) == 97

    # And everything can be seen: what is there, where it came from, who was told; and the books are right.
    explained = _settled(refill, space)
    assert explained["adds_up"] is True
    origins = {lot["origin"].partition(" ")[0]: lot for lot in explained["lots"]}
    assert origins["purchase"]["origin"] == f"purchase {purchase_id} by adam"
    assert origins["period"]["remaining"] == 0
    _told(refill, space, {("olivia", "top_up_requested"), ("erin", "request_resolved"), ("adam", "purchase_receipt")})
    assert refill("verify")[-1]["ok"] is True
    refill("balance", space, as_json=False)
    refill("explain", f"{space}/erin", as_json=False)


def _settled(refill: Refill, space: str) -> dict[str, Any]:
    """What `explain` says once the ledger has decided about every usage of the trace."""
    rows = len((EXAMPLES / "usage-trace.csv").read_text().splitlines()) - 1
    for _ in range(MOST_LOOKS):
        explained = refill("explain", f"{space}/erin")[-1]
        burned = sum(event["data"].get("usages", 0) for event in explained["events"])
        refused = sum(1 for event in explained["events"] if event["type"] == "credit-ledger.usage-refused.v1")
        if burned + refused >= rows and explained["adds_up"]:
            return explained
    raise AssertionError(f"{burned} burned and {refused} refused of {rows}; adds up: {explained['adds_up']}")


def _burned_by_holds(refill: Refill, space: str) -> int:
    """What `explain` says once the capture has been told."""
    for _ in range(MOST_LOOKS):
        explained = refill("explain", f"{space}/emil")[-1]
        if explained["adds_up"] and any(
            event["type"] == "credit-ledger.hold-ended.v1" for event in explained["events"]
        ):
            break
    assert [lot["held"] for lot in explained["lots"] if lot["held"]] == []
    return sum(lot["burned"] for lot in explained["lots"])


def _told(refill: Refill, space: str, expected: set[tuple[str, str]]) -> None:
    for _ in range(MOST_LOOKS):
        notices = refill("notices", "--workspace", space)
        if expected <= {(notice["data"]["user_id"], notice["data"]["kind"]) for notice in notices}:
            return
    raise AssertionError(notices)


@pytest.mark.rule("B9")
def test_a_declined_purchase_is_retried_with_another_card(refill: Refill, town: Town, acme: Acme) -> None:
    open_account(town, acme, pm_acme="pm_card_visa_chargeDeclinedInsufficientFunds", pm_other="pm_card_visa")
    refill("import", "directory", acme.file("directory.jsonl"))
    words = ("buy", acme.workspace, "--as", "adam", "--package", "credits-3k", "--editor", "gina", "--yes")
    purchase_id = str(uuid4())
    *_, declined = refill(*words, "--purchase-id", purchase_id, code=1)
    assert declined["data"]["reason"] == "card_declined"
    *_, credited = refill(
        "retry", acme.workspace, purchase_id, "--as", "adam", "--method", f"pm_other_{acme.workspace}"
    )
    assert credited["data"]["purchase_id"] == purchase_id


def open_account(town: Town, acme: Acme, **cards: str) -> None:
    """The workspace's customer at the processor, with its cards; `pm_acme` is the one that the directory names."""
    names = {"pm_acme": f"pm_{acme.workspace}_visa", "pm_other": f"pm_other_{acme.workspace}"}
    control = SandboxControl(town.world.sandbox_url)
    control.customer(acme.customer, cards=tuple((names[name], behaviour) for name, behaviour in cards.items()))
