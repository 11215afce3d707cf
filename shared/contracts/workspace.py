"""Owned upstream by the identity and workspace service: workspaces, members, and (apart) people's contact data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from shared.contracts.fields import WITHOUT_NUL, CalendarDate, Id, Version
from shared.contracts.message import Message

Plan = Literal["free", "pro", "business"]
WorkspaceStatus = Literal["active", "past_due", "canceled"]
Role = Literal["owner", "admin", "editor", "guest_editor", "viewer"]

# Names may hold anything people type, line breaks and markup included: whoever shows one escapes it there.
DisplayName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=10_000, pattern=WITHOUT_NUL)]

# One bare address: nothing that a mail header could read as a second one, a display name, a comment or a quoted part.
_NO_SPECIALS = r"[^\s\x00-\x1f\x7f@,;:<>()\[\]\\\x22]+"
EmailAddress = Annotated[
    str, StringConstraints(strict=True, min_length=3, max_length=320, pattern=f"^{_NO_SPECIALS}@{_NO_SPECIALS}$")
]


class WorkspaceChanged(Message):
    """A workspace, whole. `version` grows with every change; an older one is ignored."""

    type: ClassVar[str] = "workspace.changed.v1"

    workspace_id: Id
    name: DisplayName
    plan: Plan
    status: WorkspaceStatus
    cycle_anchor: CalendarDate
    processor_customer_id: Id | None = None
    payment_method_id: Id | None = None
    version: Version

    def key(self) -> str:
        return self.workspace_id


class MemberChanged(Message):
    """A member of a workspace, whole. One who leaves is written as a tombstone under the same key."""

    type: ClassVar[str] = "workspace.member-changed.v1"

    workspace_id: Id
    user_id: Id
    role: Role
    version: Version

    def key(self) -> str:
        return f"{self.workspace_id}/{self.user_id}"


class ContactChanged(Message):
    """How a person is called and reached. The only message with personal data; notification alone reads it."""

    type: ClassVar[str] = "workspace.contact-changed.v1"

    user_id: Id
    name: DisplayName
    email: EmailAddress
    language: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en"
    version: Version

    def key(self) -> str:
        return self.user_id
