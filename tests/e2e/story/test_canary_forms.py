"""The search has eyes: a canary is found in every form that a careless program would give it, and nowhere else."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from tests.e2e.story.canary import Canary, Written, leaks

pytestmark = pytest.mark.case(23)

CANARY = Canary("a secret", "pä/ss+w0rd=of the tests", ("table/kept",))
TEXT = CANARY.text


@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize("behind", range(4))
def test_it_is_found_in_the_middle_of_base64(before: int, behind: int) -> None:
    inside = b"x" * before + TEXT.encode() + b"y" * behind
    assert CANARY.stands_in(b'{"value": "' + base64.b64encode(inside) + b'"}')
    assert CANARY.stands_in(base64.urlsafe_b64encode(inside))


@pytest.mark.parametrize(
    "written", [TEXT, f"x{TEXT}y", TEXT.encode().hex(), f"password={quote(TEXT, safe='')}&x", json.dumps({"x": TEXT})]
)
def test_it_is_found_as_it_is_in_hexadecimal_in_an_address_and_in_json(written: str) -> None:
    assert CANARY.stands_in(written.encode())


@pytest.mark.parametrize("written", ["", TEXT[:-1], TEXT.upper(), base64.b64encode(b"something else").decode()])
def test_what_is_not_it_is_not_taken_for_it(written: str) -> None:
    assert not CANARY.stands_in(written.encode())


def test_a_leak_is_told_with_its_place_and_without_the_secret() -> None:
    writings = [Written("log/billing.log", TEXT.encode()), Written("table/kept.here", TEXT.encode())]
    assert leaks([CANARY], writings, ()) == ["a secret stands in log/billing.log"]


def test_a_client_secret_may_be_known_to_the_processor_alone() -> None:
    secret = b'{"client_secret": "pi_3Nabc_secret_9xyz"}'
    writings = [Written("log/billing.log", secret), Written("log/stripe", secret)]
    assert leaks([], writings, ("log/stripe",)) == ["a client secret stands in log/billing.log"]


def test_what_is_too_short_to_be_recognised_is_no_canary() -> None:
    with pytest.raises(AssertionError, match="too short"):
        Canary("a secret", "short")
