"""Errors in words: which and where, without the values they carry."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from shared.observability.errors import describe, frames, place

pytestmark = pytest.mark.case(23)


class Letter(BaseModel):
    """Something with a person's data in it."""

    language: int


def test_a_validation_error_names_fields_and_not_their_values() -> None:
    with pytest.raises(ValidationError) as raised:
        Letter.model_validate({"language": "Ada's own"})
    described = describe(raised.value)
    assert described == "ValidationError of Letter: language (int_parsing)"


def test_an_error_is_one_line_without_secrets() -> None:
    assert describe(ValueError("bad\nkey sk_test_123")) == "ValueError: bad key [redacted]"


def test_an_error_without_words_is_its_kind() -> None:
    assert describe(KeyError()) == "KeyError"


def _fail() -> None:
    raise ValueError


def test_the_place_is_the_line_of_ours_nearest_to_the_error() -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the kind is not what is tested
        _fail()
    assert place(raised.value).startswith("tests/unit/observability/test_errors.py:")
    assert place(raised.value).endswith(" _fail")
    assert frames(raised.value)[-1] == place(raised.value)


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert place(ValueError()) == "nowhere"
