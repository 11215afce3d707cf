"""Reading parameters against the SDK's description of them."""

import pytest
from stripe.params._customer_update_params import CustomerUpdateParams
from stripe.params._payment_intent_create_params import PaymentIntentCreateParams
from stripe.params._payment_intent_list_params import PaymentIntentListParams

from deploy.stripe_sandbox.errors import ApiError
from deploy.stripe_sandbox.form import decode
from deploy.stripe_sandbox.parameters import SDK_OPTIONS, fields_of, read_parameters

ALL = frozenset(fields_of(PaymentIntentCreateParams))


def test_each_field_gets_its_type() -> None:
    encoded = "amount=100&currency=usd&confirm=true&metadata[n]=1&expand[0]=latest_charge&off_session=one_off"

    assert read_parameters(PaymentIntentCreateParams, decode(encoded), ALL) == {
        "amount": 100,
        "currency": "usd",
        "confirm": True,
        "metadata": {"n": "1"},
        "expand": ["latest_charge"],
        "off_session": "one_off",
    }


def test_a_filter_may_be_a_number_or_bounds() -> None:
    modelled = frozenset({"created"})

    assert read_parameters(PaymentIntentListParams, decode("created=5"), modelled) == {"created": 5}
    assert read_parameters(PaymentIntentListParams, decode("created[gte]=5"), modelled) == {"created": {"gte": 5}}


def test_an_empty_value_unsets_only_what_can_be_unset() -> None:
    modelled = frozenset({"metadata", "preferred_locales"})
    assert read_parameters(CustomerUpdateParams, decode("metadata="), modelled) == {"metadata": ""}

    with pytest.raises(ApiError) as caught:
        read_parameters(CustomerUpdateParams, decode("preferred_locales="), modelled)

    assert caught.value.code == "parameter_invalid_empty"


def test_options_of_the_sdk_are_no_parameters_of_stripe() -> None:
    assert "idempotency_key" in SDK_OPTIONS
    assert not SDK_OPTIONS & ALL


@pytest.mark.parametrize(
    ("encoded", "code"),
    [
        ("metadata[a][b]=1", None),
        ("&".join(f"metadata[k{n}]=1" for n in range(51)), None),
        (f"metadata[k]={'v' * 501}", None),
        ("expand=latest_charge", None),
        ("amount=99999999999999999999", "parameter_invalid_integer"),
    ],
)
def test_what_exceeds_a_bound_or_a_type_is_refused_and_not_saved(encoded: str, code: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        read_parameters(PaymentIntentCreateParams, decode(f"amount=100&currency=usd&{encoded}"), ALL)

    assert (caught.value.status, caught.value.code, caught.value.executed) == (400, code, False)
    assert caught.value.param is not None
