"""The fingerprint of a request's parameters."""

from deploy.stripe_sandbox.idempotency import fingerprint_of


def test_the_order_of_fields_does_not_matter_and_their_values_do() -> None:
    assert fingerprint_of("a=1&b=2") == fingerprint_of("b=2&a=1")
    assert fingerprint_of("a=1&b=2") != fingerprint_of("a=1&b=3")
    assert fingerprint_of("a=1") != fingerprint_of("a=1&b=")
