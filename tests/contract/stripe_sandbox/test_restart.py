"""The sandbox is killed and started again: what it promised is still true, and the journal is whole."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.stripe_sandbox.control import SandboxControl
from tests.contract.stripe_sandbox.receiver import SECRET, listening
from tests.contract.stripe_sandbox.shop import Shop, sdk


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The sandbox as the stack starts it; killed at the end if it still runs."""
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "deploy.stripe_sandbox", "--port-file", str(port_file), *options]
    with subprocess.Popen(
        [*command, "--journal", str(folder / "journal.jsonl")], stdout=subprocess.PIPE, text=True
    ) as run:
        try:
            while not port_file.exists():
                assert run.poll() is None, "the sandbox did not start"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port_file.read_text().strip()}", run
        finally:
            if run.poll() is None:
                os.kill(run.pid, signal.SIGKILL)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def test_killed_after_the_effect_it_still_replays_the_reply(tmp_path: Path) -> None:
    with process(tmp_path) as (url, run), sdk(url) as client:
        shop = Shop(client, SandboxControl(url))
        customer = shop.customer(("pm_ada", "pm_card_visa"))
        shop.control.clock(advance_s=3600)
        first = shop.buy("pm_ada", "key-1", customer=customer)
        run.kill()
        run.wait()

    with process(tmp_path) as (url, _), sdk(url) as client:
        shop = Shop(client, SandboxControl(url))
        again = shop.buy("pm_ada", "key-1", customer=customer)

        assert again.to_dict() == first.to_dict()
        assert shop.client.v1.payment_intents.retrieve(first.id).status == "succeeded"
        assert shop.buy("pm_ada", "key-2", customer=customer).created >= first.created
        assert [line["seq"] for line in lines(tmp_path)] == [1, 2]
        assert lines(tmp_path) == shop.control.journal()


def test_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    with process(tmp_path) as (_, run):
        run.send_signal(signal.SIGTERM)

        assert run.wait(10) == 0


def test_an_event_still_owed_at_the_kill_is_delivered_after_the_start(tmp_path: Path) -> None:
    with listening() as receiver:
        with process(tmp_path) as (url, run), sdk(url) as client:
            control = SandboxControl(url)
            control.listen(receiver.url, SECRET)
            control.webhooks(hold=True)
            client.v1.customers.create({"email": "ada@refill.test"})
            run.kill()
            run.wait()

        with process(tmp_path):
            assert receiver.event().type == "customer.created"


@pytest.mark.parametrize("torn", ["journal.jsonl", "journal.state.jsonl"])
def test_a_torn_last_line_is_dropped_at_the_start(tmp_path: Path, torn: str) -> None:
    with process(tmp_path) as (url, _), sdk(url) as client:
        Shop(client, SandboxControl(url)).buy()
    with (tmp_path / torn).open("a") as file:
        file.write('{"seq":2,"at')

    with process(tmp_path) as (url, _):
        assert [line["seq"] for line in SandboxControl(url).journal()] == [1]
        assert [line["seq"] for line in lines(tmp_path)] == [1]


def test_a_journal_that_lost_its_end_is_completed_from_the_log(tmp_path: Path) -> None:
    with process(tmp_path) as (url, _), sdk(url) as client:
        shop = Shop(client, SandboxControl(url))
        for _ in range(2):
            shop.buy()
    whole = (tmp_path / "journal.jsonl").read_text()
    (tmp_path / "journal.jsonl").write_text(whole.splitlines(keepends=True)[0])

    with process(tmp_path):
        assert (tmp_path / "journal.jsonl").read_text() == whole


def test_a_webhook_address_without_its_secret_is_a_usage_error(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "deploy.stripe_sandbox",
        "--journal",
        str(tmp_path / "j"),
        "--webhook-url",
        "http://x",
    ]

    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (2, "--webhook-url and --webhook-secret go together\n")


def test_the_webhook_secret_may_come_in_a_file(tmp_path: Path) -> None:
    """A command line is seen by everybody who may look at a container."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    with listening() as receiver:
        options = ("--webhook-url", receiver.url, "--webhook-secret-file", str(tmp_path / "secret"))
        with process(tmp_path, *options) as (url, _), sdk(url) as client:
            client.v1.customers.create({"email": "ada@refill.test"})

            assert receiver.event().type == "customer.created"


def test_browsers_are_sent_to_the_address_that_they_reach(tmp_path: Path) -> None:
    """In a container its caller knows it by another name than the buyer's browser does."""
    with process(tmp_path, "--public-url", "http://127.0.0.1:4711/") as (url, _), sdk(url) as client:
        shop = Shop(client, SandboxControl(url))
        intent = shop.buy("pm_card_authenticationRequired", return_url="https://refill.test/back")

        assert intent.next_action is not None
        assert intent.next_action.redirect_to_url is not None
        assert str(intent.next_action.redirect_to_url.url).startswith(f"http://127.0.0.1:4711/3ds/{intent.id}/")
