"""How billing speaks: answers to commands, and facts that have one id however often they are made."""

from __future__ import annotations

from services.billing.domain.verdict import Refusal, Wait
from shared.contracts.catalog import TOP_UP
from shared.contracts.message import Message
from shared.contracts.top_up_events import CommandRefused
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received


def fact(message: Message, cause: Cause, *ids: str | int) -> Outgoing:
    """Something that happened once. Its id comes from the business ids, so a restored database tells it again under the
    same one."""
    return Outgoing(TOP_UP, message, cause, event_id=derive(message.type, *ids))


def answer(message: Message, cause: Cause) -> Outgoing:
    """An answer to this very message; its id is derived from the message."""
    return Outgoing(TOP_UP, message, cause)


def refused(received: Received[Message], refusal: Refusal) -> Outgoing:
    """The business answer no, with the ids the command named."""
    command = received.message
    named = command.wire()
    return answer(
        CommandRefused(
            workspace_id=named["workspace_id"],
            command=command.type,
            actor_id=named.get("actor_id") or named["operator_id"],
            reason=refusal.reason,
            detail=refusal.detail,
            request_id=named.get("request_id"),
            purchase_id=named.get("purchase_id"),
            refund_id=named.get("refund_id"),
            try_again_at=refusal.try_again_at,
        ),
        received.cause,
    )


def wait_or_refuse(received: Received[Message], objection: Refusal | Wait) -> Effect:
    """Wait for what may still arrive; when the time for waiting is over, or there is nothing to wait for, refuse."""
    if isinstance(objection, Refusal):
        return refused(received, objection)
    if received.may_wait:
        return Park(received, objection.waiting_for)
    return refused(received, objection.otherwise)
