"""What every message on the wire has in common: a type name with a version, and the entity whose stream it is in."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """One fact or command. Producers may write declared fields only; consumers ignore fields they do not know.

    `type` is the CloudEvents type: `<owner>.<name>.v<major>`. Within a major version only optional fields are added.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: ClassVar[str]

    def key(self) -> str:
        """The Kafka key: the entity in whose stream this message keeps its order."""
        raise NotImplementedError

    def entity(self) -> str:
        """Within what a message that must wait holds back later ones: its key, unless less will do."""
        return self.key()

    @classmethod
    def read(cls, data: object) -> Self:
        """Validate what came over the wire. Unknown fields are ignored: they are tomorrow's additions.

        Raises `pydantic.ValidationError` when a known field is missing, of the wrong type or out of bounds.
        """
        return cls.model_validate(data, extra="ignore")

    def wire(self) -> dict[str, Any]:
        """The JSON object that goes into the envelope's `data`; absent optional fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)
