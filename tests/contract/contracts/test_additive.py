"""The teeth of the check on v1 messages: each kind of change, allowed or not."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import BaseModel, Field

from shared.contracts.documents.additive import breaking_changes
from shared.contracts.documents.schemas import schema_of
from shared.contracts.fields import Id, Instant
from shared.contracts.message import Message


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class FewerColours(StrEnum):
    RED = "red"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Part(BaseModel):
    name: Id
    credits: int = 1


class SmallerPart(BaseModel):
    name: Id


class Old(Message):
    type: ClassVar[str] = "test.old.v1"

    name: Id
    credits: Annotated[int, Field(ge=1, le=100)]
    colour: Colour
    plan: Literal["free", "pro"]
    note: str | None = None
    parts: Annotated[tuple[Part, ...], Field(max_length=10)] = ()


class _Changed(Old):
    type: ClassVar[str] = "test.old.v1"


class NewOptionalField(_Changed):
    extra: str | None = None


class MoreValues(_Changed):
    colour: MoreColours  # type: ignore[assignment]  # a changed message is the point of this test
    plan: Literal["free", "pro", "business"]  # type: ignore[assignment]  # the same


class WiderBounds(_Changed):
    credits: Annotated[int, Field(ge=0)]


class OtherWords(_Changed):
    """Told otherwise."""

    name: Id = Field(description="what it is called")


class FieldRemoved(Message):
    type: ClassVar[str] = "test.old.v1"

    credits: Annotated[int, Field(ge=1, le=100)]
    colour: Colour
    plan: Literal["free", "pro"]
    note: str | None = None
    parts: Annotated[tuple[Part, ...], Field(max_length=10)] = ()


class NewRequiredField(_Changed):
    extra: str


class NowRequired(_Changed):
    note: str | None


class NoLongerRequired(_Changed):
    name: Id = "somebody"


class OtherType(_Changed):
    credits: str  # type: ignore[assignment]  # a changed message is the point of this test


class OtherFormat(_Changed):
    name: Instant  # type: ignore[assignment]  # the same


class OtherPattern(_Changed):
    name: Annotated[str, Field(pattern="^[a-z]+$")]


class NoLongerNullable(_Changed):
    note: str = ""


class FewerValues(_Changed):
    colour: FewerColours  # type: ignore[assignment]  # the same


class OneLiteralLess(_Changed):
    plan: Literal["free"]


class LowerMaximum(_Changed):
    credits: Annotated[int, Field(ge=1, le=99)]


class HigherMinimum(_Changed):
    credits: Annotated[int, Field(ge=2, le=100)]


class NewBound(_Changed):
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=10)] = ()


class ShorterList(_Changed):
    parts: Annotated[tuple[Part, ...], Field(max_length=9)] = ()


class PartLostAField(_Changed):
    parts: Annotated[tuple[SmallerPart, ...], Field(max_length=10)] = ()  # type: ignore[assignment]  # the same


@pytest.mark.parametrize("changed", [Old, NewOptionalField, MoreValues, WiderBounds, OtherWords])
def test_a_growing_message_is_additive(changed: type[Message]) -> None:
    assert breaking_changes(schema_of(Old), schema_of(changed)) == []


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        (FieldRemoved, "name: the field is gone"),
        (NewRequiredField, "extra: a new field must be optional"),
        (NowRequired, "note: newly required"),
        (NoLongerRequired, "name: no longer required"),
        (OtherType, "credits: type was 'integer', is 'string'"),
        (OtherFormat, "name: pattern was"),
        (OtherPattern, "name: pattern was"),
        (NoLongerNullable, "note: "),
        (FewerValues, "colour: value 'blue' is gone"),
        (OneLiteralLess, "plan: "),
        (LowerMaximum, "credits: maximum was 100, is 99"),
        (HigherMinimum, "credits: minimum was 1, is 2"),
        (NewBound, "parts: minItems was None, is 1"),
        (ShorterList, "parts: maxItems was 10, is 9"),
        (PartLostAField, "parts[].credits: the field is gone"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_message_that_breaks_its_promise_is_named(changed: type[Message], place: str) -> None:
    changes = breaking_changes(schema_of(Old), schema_of(changed))
    assert any(change.startswith(place) for change in changes), changes
