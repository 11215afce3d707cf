"""The query language of search."""

import pytest

from deploy.stripe_sandbox.api.search import parse
from deploy.stripe_sandbox.errors import ApiError
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent

INTENT = PaymentIntent(
    id="pi_1",
    created=100,
    amount=1000,
    currency="usd",
    client_secret="pi_1_secret_2",
    status="succeeded",
    customer="cus_1",
    metadata={"purchase": "Top up 'a' \"b\"", "empty": "x"},
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status:'succeeded'", True),
        ('status:"canceled"', False),
        ("-status:'canceled'", True),
        ("amount>999 AND currency:'usd'", True),
        ("amount>1000 OR customer:'cus_1'", True),
        ("amount>=1000 created<=100", True),
        ("amount<1000", False),
        ("metadata['purchase']~'top up'", True),
        ("metadata[\"purchase\"]:'Top up \\'a\\' \"b\"'", True),
        ("metadata['absent']:null", True),
        ("-metadata['empty']:null", True),
        ("metadata['absent']:'x'", False),
    ],
)
def test_a_query_finds_what_it_says(query: str, found: bool) -> None:
    assert parse(query)(INTENT) is found


@pytest.mark.parametrize(
    "query",
    [
        "",
        "colour:'red'",
        "status",
        "status:succeeded",
        "metadata:'x'",
        "status['x']:'y'",
        "amount:'much'",
        "status>'a'",
        "amount>1 AND status:'a' OR status:'b'",
        "currency~'us'",
    ],
)
def test_what_the_language_does_not_have_is_refused(query: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse(query)

    assert (caught.value.status, caught.value.executed) == (400, False)
