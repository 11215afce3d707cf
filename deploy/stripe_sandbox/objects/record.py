"""What every stored thing has in common: an identifier, a birth and a kind."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class Record:
    """created: seconds since the epoch by the sandbox's clock."""

    KIND: ClassVar[str]
    id: str
    created: int
