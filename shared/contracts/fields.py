"""Field types that messages share: ids, credits, money, instants. Each has its bounds: bad input stops here."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from shared.contracts.instants import calendar_date, instant

# Identifiers come from upstream systems of many makes: printable ASCII without spaces or a slash (a slash joins keys).
Id = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127}$")]


def _canonical_uuid(value: str) -> str:
    if str(UUID(value)) != value.lower():
        raise ValueError("write the UUID with hyphens, for example 0198c0de-0000-7000-8000-000000000001")
    return value.lower()


# Ids that a caller invents and that must not be guessable (a purchase's id opens its authentication page).
UuidText = Annotated[
    str,
    StringConstraints(strict=True, min_length=36, max_length=36),
    AfterValidator(_canonical_uuid),
    Field(json_schema_extra={"format": "uuid"}),
]

# One usage, lot or package holds at most a billion credits: far above any package (B4), far below bigint.
MAX_CREDITS = 1_000_000_000
Credits = Annotated[int, Field(strict=True, ge=0, le=MAX_CREDITS)]
PositiveCredits = Annotated[int, Field(strict=True, ge=1, le=MAX_CREDITS)]

# Balances and debts are sums of many lots.
TotalCredits = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]

# Stripe charges at most eight digits of the minor unit ("Create a PaymentIntent", parameter `amount`).
MAX_AMOUNT_MINOR = 99_999_999
AmountMinor = Annotated[int, Field(strict=True, ge=1, le=MAX_AMOUNT_MINOR)]
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{3}$")]

Version = Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]

# Text that people wrote may hold anything but NUL, which PostgreSQL cannot store: line breaks and markup are escaped by
# whoever shows it.
WITHOUT_NUL = r"^[^\x00]*$"
ReasonText = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=WITHOUT_NUL)]

# JSON's own true and false; pydantic alone would also take 1, "yes" and "off".
Flag = Annotated[bool, Field(strict=True)]

Instant = Annotated[AwareDatetime, BeforeValidator(instant)]
CalendarDate = Annotated[date, BeforeValidator(calendar_date)]
