"""A person decides whose credits go with a refund that was made at the processor and says it by no line (B11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import structlog

from services.billing.domain.mirrored import MirroredRefund, MirroredState
from services.billing.domain.purchase import Line, Purchase
from services.billing.domain.refund import RefundState
from services.billing.domain.verdict import Refusal, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.mirror_words import taken_back
from services.billing.handlers.telling import answer, refused
from services.billing.repository import BillingRepository
from shared.contracts.operator_commands import DecideRecall
from shared.contracts.reasons import Reason
from shared.contracts.recalls import RecallDecided
from shared.messaging.work import Effect, Received, Work

log = structlog.get_logger()


def decide_recall(received: Received[DecideRecall], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Once for ever; a repetition is answered as it was. An operator is known by the topic."""
    command, repository = received.message, work.repository
    repository.directory.lock([command.workspace_id])
    purchase = repository.purchases.lock(command.purchase_id)
    of = repository.mirrored_refunds.lock(command.purchase_id).values() if purchase else ()
    mirrored = next((each for each in of if each.refund_id == command.recall_id), None)
    if purchase is None or mirrored is None or mirrored.workspace_id != command.workspace_id:
        yield refused(received, refuse(Reason.UNKNOWN_RECALL))
        return
    if mirrored.state is not MirroredState.UNDECIDED:
        same = repository.mirrored_refunds.decided_by(mirrored) == content_hash(command)
        yield _decided(mirrored, received) if same else refused(received, refuse(Reason.RECALL_NOT_OPEN))
        return
    if command.verdict == "give_back":
        after = replace(mirrored, state=MirroredState.LEFT)
    else:
        lines = _lines(purchase, command.user_ids, work)
        if isinstance(lines, Refusal):
            yield refused(received, lines)
            return
        after = replace(mirrored, state=MirroredState.TAKEN, step=1, lines=lines)
    repository.mirrored_refunds.move(after)
    repository.mirrored_refunds.note_decision(after, command.operator_id, command.reason, content_hash(command))
    log.info("recall_decided", recall_id=command.recall_id, verdict=command.verdict, operator_id=command.operator_id)
    yield _decided(after, received)
    if after.state is MirroredState.TAKEN:
        yield from taken_back(after, received.cause)


def _lines(
    purchase: Purchase, user_ids: tuple[str, ...] | None, work: Work[BillingRepository]
) -> tuple[Line, ...] | Refusal:
    taken = work.repository.refunds.lines_in_refunds(purchase.purchase_id)
    if user_ids is None:
        left = tuple(line for line in purchase.lines if line.user_id not in taken)
        return left or refuse(Reason.ALREADY_REFUNDED)
    if not {line.user_id for line in purchase.lines} >= set(user_ids):
        return refuse(Reason.LINE_NOT_IN_PURCHASE)
    for user_id in user_ids:
        if user_id in taken:
            done = taken[user_id] is RefundState.SUCCEEDED
            return refuse(Reason.ALREADY_REFUNDED if done else Reason.REFUND_IN_PROGRESS, f"The line of {user_id}.")
    return tuple(line for line in purchase.lines if line.user_id in set(user_ids))


def _decided(mirrored: MirroredRefund, received: Received[DecideRecall]) -> Effect:
    command = received.message
    return answer(
        RecallDecided(
            workspace_id=mirrored.workspace_id,
            purchase_id=mirrored.purchase_id,
            recall_id=mirrored.refund_id,
            operator_id=command.operator_id,
            verdict=command.verdict,
            user_ids=tuple(line.user_id for line in mirrored.lines),
            reason=command.reason,
        ),
        received.cause,
    )
