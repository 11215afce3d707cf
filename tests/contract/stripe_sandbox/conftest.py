"""A sandbox of its own for each test, in this process, and the SDK talking to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from deploy.stripe_sandbox.control import SandboxControl
from deploy.stripe_sandbox.server import running
from tests.contract.stripe_sandbox.shop import Shop, sdk


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with running(tmp_path / "journal.jsonl") as (_, address):
        yield address


@pytest.fixture
def control(url: str) -> SandboxControl:
    return SandboxControl(url)


@pytest.fixture
def client(url: str) -> Iterator[stripe.StripeClient]:
    with sdk(url) as client:
        yield client


@pytest.fixture
def shop(client: stripe.StripeClient, control: SandboxControl) -> Shop:
    return Shop(client, control)
