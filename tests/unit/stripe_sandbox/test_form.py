"""Stripe's bracketed form encoding."""

import pytest

from deploy.stripe_sandbox.errors import ApiError
from deploy.stripe_sandbox.form import FIELDS_MAX, decode


@pytest.mark.parametrize(
    ("encoded", "tree"),
    [
        ("", {}),
        ("amount=100&currency=usd", {"amount": "100", "currency": "usd"}),
        ("metadata[purchase]=p%201", {"metadata": {"purchase": "p 1"}}),
        ("a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        ("expand[0]=x&expand[1]=y", {"expand": {"0": "x", "1": "y"}}),
        ("expand[]=x&expand[]=y", {"expand": {"0": "x", "1": "y"}}),
        ("metadata=", {"metadata": ""}),
    ],
)
def test_names_carry_the_structure(encoded: str, tree: object) -> None:
    assert decode(encoded) == tree


@pytest.mark.parametrize("encoded", ["a[b=1", "[a]=1", "a]=1", "a=1&a[b]=2", "&".join(["a=1"] * (FIELDS_MAX + 1))])
def test_what_is_not_well_formed_is_refused(encoded: str) -> None:
    with pytest.raises(ApiError) as caught:
        decode(encoded)

    assert (caught.value.status, caught.value.executed) == (400, False)
