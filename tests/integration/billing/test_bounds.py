"""The bounds of the HTTP door: how large, how slow, how many, and what is said of it. Over real sockets."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from services.billing.endpoint import doorkeeper, protocol, refusals
from services.billing.endpoint.rates import Allowance, Rate
from services.billing.settings import BillingSettings
from tests.integration.billing.doorway import deliver, dial, event_about, opened, read_to_end, signed, stored
from tests.integration.billing.till import Till

pytestmark = pytest.mark.case(15)

BAD, STRIPE = {"x-forwarded-for": "203.0.113.9"}, {"x-forwarded-for": "198.51.100.7"}
ALWAYS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


@pytest.fixture
def door(till: Till, settings: BillingSettings) -> Iterator[httpx.Client]:
    with opened(till, settings) as client:
        yield client


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request has half a second to arrive."""
    monkeypatch.setattr(protocol, "ARRIVAL_TIMEOUT_S", 0.5)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five webhooks at once from one peer, and then practically none."""
    monkeypatch.setattr(doorkeeper, "WEBHOOKS", Allowance(Rate(0.01, 5), Rate(1_000, 1_000)))


def refused_lines(logs: list[Any]) -> list[dict[str, Any]]:
    return [line for line in logs if line["event"] == "endpoint.refused"]


def test_a_thousand_forgeries_turn_nothing_good_away_and_fill_no_log(till: Till, door: httpx.Client) -> None:
    forged = signed(event_about(till, str(uuid4())), secret="whsec_of_somebody_else")
    good: list[int] = []
    flooding = threading.Event()

    def forge(_: int) -> int:
        body, headers = forged
        flooding.set()
        return door.post("/webhooks/stripe", content=body, headers={**headers, **BAD}).status_code

    with capture_logs() as logs, ThreadPoolExecutor(8) as flood:
        answers = [flood.submit(forge, number) for number in range(1_000)]
        flooding.wait()
        while not all(answer.done() for answer in answers):
            good.append(deliver(door, event_about(till, "not-ours", kind="customer.updated"), headers=STRIPE))

    assert set(good) == {200}
    assert stored(till) == len(good)
    statuses = Counter(answer.result() for answer in answers)
    assert set(statuses) <= {400, 429}
    assert statuses[400] >= 500
    assert len(refused_lines(logs)) <= len(statuses)


def test_who_sends_too_much_is_told_when_to_come_again_before_anything_is_computed(
    strict: None, till: Till, door: httpx.Client
) -> None:
    events = [event_about(till, "not-ours", kind="customer.updated") for _ in range(7)]
    assert [deliver(door, event, headers=BAD) for event in events] == [200] * 5 + [429] * 2
    body, headers = signed(events[0])
    refused = door.post("/webhooks/stripe", content=body, headers={**headers, **BAD})
    assert 1 <= int(refused.headers["retry-after"]) <= 100
    assert refused.headers["connection"] == "close"
    assert deliver(door, events[5], headers=STRIPE) == 200
    assert stored(till) == 6


def test_after_the_time_that_was_told_it_is_let_in(
    monkeypatch: pytest.MonkeyPatch, till: Till, settings: BillingSettings
) -> None:
    monkeypatch.setattr(doorkeeper, "WEBHOOKS", Allowance(Rate(2, 1), Rate(1_000, 1_000)))
    with opened(till, settings) as door:
        event = event_about(till, "not-ours", kind="customer.updated")
        while deliver(door, event) != 429:  # as fast as it goes
            pass
        body, headers = signed(event)
        refused = door.post("/webhooks/stripe", content=body, headers=headers)
        time.sleep(int(refused.headers.get("retry-after", 0)))
        assert deliver(door, event) == 200


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\n",
        b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
        b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /purchases/x/returned HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
    ],
    ids=["nothing", "half a header", "a body", "chunks", "a body that nobody reads"],
)
def test_a_client_that_dribbles_is_hung_up_on_and_others_are_served_meanwhile(
    impatient: None, till: Till, door: httpx.Client, beginning: bytes
) -> None:
    with dial(door) as slow, capture_logs() as logs:
        slow.sendall(beginning)
        served = dribble_until_hung_up(slow, b"1\r\nx\r\n" if b"chunked" in beginning else b"x: y\r\n", till, door)
        said = read_to_end(slow)

    assert served
    assert set(served) == {200}
    if b"GET" not in beginning:  # that one was answered long before
        assert said.startswith(b"HTTP/1.1 408 ") or not said
    assert "a request that did not arrive in time" in {line["problem"] for line in refused_lines(logs)}


def dribble_until_hung_up(slow: Any, drop: bytes, till: Till, door: httpx.Client) -> list[int]:
    served: list[int] = []
    try:
        while True:
            slow.sendall(drop)
            served.append(deliver(door, event_about(till, "not-ours", kind="customer.updated")))
            slow.setblocking(False)
            try:
                if not slow.recv(1, 2):  # MSG_PEEK
                    return served
            except BlockingIOError:
                pass
            slow.setblocking(True)
    except OSError:
        slow.setblocking(True)
        return served


def test_a_client_that_says_half_a_request_and_waits_hears_why_it_is_hung_up_on(
    impatient: None, till: Till, door: httpx.Client
) -> None:
    with dial(door) as slow:
        slow.sendall(b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx")
        answer = read_to_end(slow)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"x-content-type-options: nosniff" in head
    assert body == b""


def test_a_connection_that_stays_open_between_requests_is_no_slow_one(
    impatient: None, till: Till, door: httpx.Client
) -> None:
    event = event_about(till, "not-ours", kind="customer.updated")
    assert [deliver(door, event) for _ in range(50)] == [200] * 50


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "in chunks"])
def test_a_body_without_an_end_is_cut_off(till: Till, door: httpx.Client, declared: bool) -> None:
    head = b"Content-Length: 1000000000000" if declared else b"Transfer-Encoding: chunked"
    part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    with dial(door) as endless, capture_logs() as logs:
        endless.sendall(b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        try:
            while sent < 100_000_000:
                endless.sendall(part)
                sent += len(part)
        except OSError:
            pass
    assert sent < 100_000_000
    assert "a request larger than any event" in {line["problem"] for line in refused_lines(logs)}
    assert stored(till) == 0


def test_a_declared_length_is_refused_before_the_body_is_sent(door: httpx.Client) -> None:
    with dial(door) as polite:
        polite.sendall(
            b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert polite.recv(12) == b"HTTP/1.1 413"


def test_one_peer_cannot_hold_all_places(till: Till, door: httpx.Client) -> None:
    held = [dial(door) for _ in range(protocol.MAX_CONNECTIONS)]
    try:
        open_ones = protocol.PEER_CONNECTIONS
        deadline = time.monotonic() + 30
        while sum(map(is_open, held)) != open_ones and time.monotonic() < deadline:
            time.sleep(0.02)
        assert sum(map(is_open, held)) == open_ones
    finally:
        for connection in held:
            connection.close()
    wait_until_served(till, door)


def is_open(connection: Any) -> bool:
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, 2))  # MSG_PEEK
    except BlockingIOError:
        return True
    except OSError:
        return False


def wait_until_served(till: Till, door: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            assert deliver(door, event_about(till, "not-ours", kind="customer.updated")) == 200
        except httpx.TransportError:
            assert time.monotonic() < deadline
            continue
        return


@pytest.mark.parametrize(
    "request_line",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n",
    ],
    ids=["no http", "tls", "a long line"],
)
def test_what_is_no_http_is_turned_away_with_the_headers_of_every_answer(
    door: httpx.Client, request_line: bytes
) -> None:
    with capture_logs() as logs, dial(door) as stranger:
        stranger.sendall(request_line)
        if request_line.startswith(b"\x16"):
            stranger.shutdown(1)
        answer = read_to_end(stranger)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert all(f"{name}: {value}".encode() in answer for name, value in ALWAYS.items())
    assert len(refused_lines(logs)) == 1


@pytest.mark.parametrize(
    "path",
    ["/", "/webhooks/stripe", "/purchases/x/authenticate", "/purchases/0198c0de-0000-7000-8000-000000000007/returned"],
)
def test_every_answer_has_the_security_headers_and_says_to_come_by_https_again(door: httpx.Client, path: str) -> None:
    answer = door.get(path)
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "server" not in answer.headers


def test_without_https_nothing_is_said_about_it(till: Till, settings: BillingSettings) -> None:
    with opened(till, settings.model_copy(update={"billing_public_url": "http://127.0.0.1:1"})) as door:
        assert "strict-transport-security" not in door.get("/").headers


def test_refusals_are_counted_and_said_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch, till: Till, settings: BillingSettings
) -> None:
    monkeypatch.setattr(refusals.Refusals.__init__, "__defaults__", (0.3,))
    with capture_logs() as logs, opened(till, settings) as door:
        for _ in range(20):
            assert door.post("/webhooks/stripe", content="{}").status_code == 400
    lines = [line for line in refused_lines(logs) if line["problem"] == "the signature does not verify"]
    assert sum(line["count"] for line in lines) == 20
    assert len(lines) < 20
