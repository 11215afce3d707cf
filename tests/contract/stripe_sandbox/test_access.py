"""Keys and versions ("Authentication", "Versioning")."""

import base64
import json

import pytest
import stripe

from tests.contract.stripe_sandbox.browser import visit
from tests.contract.stripe_sandbox.shop import KEY, Shop, details, sdk


@pytest.mark.parametrize("key", ["sk_live_abcdefghijklmnop", "rk_live_abcdefghijklmnop", "nonsense"])
def test_a_live_or_broken_key_is_refused_and_not_shown(shop: Shop, url: str, key: str) -> None:
    with sdk(url, key) as client:
        problem = Shop(client, shop.control).refused()

    assert isinstance(problem, stripe.AuthenticationError)
    assert problem.http_status == 401
    assert "Invalid API Key provided" in str(problem.user_message)
    assert key not in str(problem.user_message)


def test_a_publishable_key_cannot_do_this(shop: Shop, url: str) -> None:
    with sdk(url, "pk_test_abc") as client:
        problem = Shop(client, shop.control).refused()

    assert isinstance(problem, stripe.PermissionError)
    assert details(problem).code == "secret_key_required"


def test_no_key_at_all_is_a_401(url: str) -> None:
    page = visit(f"{url}/v1/customers")

    assert page.status == 401
    assert "You did not provide an API key" in page.text


def test_the_key_may_come_as_the_name_of_basic_authentication(url: str) -> None:
    token = base64.b64encode(f"{KEY}:".encode()).decode()

    page = visit(f"{url}/v1/customers", headers={"Authorization": f"Basic {token}"})

    assert (page.status, json.loads(page.text)["object"]) == (200, "list")


def test_another_api_version_is_refused_rather_than_faked(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version: 2020-08-27"):
        shop.client.v1.customers.list(options={"stripe_version": "2020-08-27"})


def test_a_body_beyond_all_measure_is_refused_unread(url: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Length": "1000000000"}

    assert visit(f"{url}/v1/customers", "POST", headers).status == 413
