"""One access rule of a Kafka cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pattern = Literal["LITERAL", "PREFIXED"]


@dataclass(frozen=True, slots=True, order=True)
class AccessRule:
    """One access rule, in Kafka's own words: `kind` is TOPIC, GROUP, CLUSTER and so on, `operation` READ, WRITE, ALL
    and so on; READ and WRITE include DESCRIBE. `name` is the whole name, prefix included."""

    principal: str
    operation: str
    kind: str
    name: str
    pattern: Pattern = "LITERAL"
    permission: str = "ALLOW"
    host: str = "*"

    def __str__(self) -> str:
        verb = "may" if self.permission == "ALLOW" else "is denied to"
        resource = f"{self.kind.lower()} {self.name}{'*' if self.pattern == 'PREFIXED' else ''}"
        return f"{self.principal} {verb} {self.operation} {resource}" + (f" from {self.host}" * (self.host != "*"))
