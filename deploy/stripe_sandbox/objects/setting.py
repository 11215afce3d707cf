"""A setting of the sandbox that outlives a restart: the clock's offset, the webhook endpoint."""

from dataclasses import dataclass
from typing import ClassVar

from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import JsonObject


@dataclass(frozen=True, kw_only=True)
class Setting(Record):
    KIND: ClassVar[str] = "setting"
    value: JsonObject
