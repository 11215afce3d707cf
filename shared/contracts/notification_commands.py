"""Commands to notification, on `notification.commands.v1`. The edge vouches for the person, who decides for oneself."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.fields import Flag, Id, UuidText
from shared.contracts.message import Message
from shared.contracts.notification import NoticeKind, NoticeState

MAX_MARKED = 500  # notices in one command: a console marks a page or some, and one answer names them all


class _OfPerson(Message):
    user_id: Id

    def key(self) -> str:
        return self.user_id


class MarkNotices(_OfPerson):
    """The person has read these notices, has not, or needs to do nothing more about them. All of them or none.

    What is handled stays so: reading it later, or taking it for unread, changes nothing.
    """

    type: ClassVar[str] = "notification.mark-notices.v1"

    notice_ids: Annotated[tuple[UuidText, ...], Field(min_length=1, max_length=MAX_MARKED)]
    state: NoticeState


class SetEmailPreference(_OfPerson):
    """Whether notices of this kind also come by email. In-app they always stand."""

    type: ClassVar[str] = "notification.set-email-preference.v1"

    kind: NoticeKind
    by_email: Flag


class Unsubscribe(_OfPerson):
    """No more emails of this kind, by the link in one of them: whoever holds the link need not be signed in (RFC 8058).

    The edge takes `user_id`, `kind` and `token` out of the link, of a POST without asking further, of a GET after the
    person has confirmed it, as programs open links too.
    """

    type: ClassVar[str] = "notification.unsubscribe.v1"

    kind: NoticeKind
    token: UuidText
