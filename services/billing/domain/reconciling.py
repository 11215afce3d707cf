"""Our books against the processor's list, both ways: who is right about what, and who can mend it.

A list is old the moment it is read: what looks wrong is doubted first and looked at once more, both sides at one
moment, before a person hears of it. What is merely behind in our books is woken at once: waking harms nothing, since
whoever is woken reads the truth by itself. Nothing here writes an outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.billing.domain.dispute import OF_STATUS as OF_DISPUTE
from services.billing.domain.intent import Intent
from services.billing.domain.mirrored import MirroredState
from services.billing.domain.payment import PaymentState
from services.billing.domain.refund import RefundState
from shared.contracts.reconciliation import FindingKind


class About(StrEnum):
    """What is compared."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"


@dataclass(frozen=True, slots=True)
class Theirs:
    """One payment, refund or dispute as the processor shows it. `purchase_id`, `workspace_id` and `refund_id` are what
    our metadata there say, `payment_intent_id` is whose money it is. Amounts in minor units."""

    about: About
    processor_id: str
    status: str
    amount_minor: int
    currency: str
    payment_intent_id: str | None = None
    purchase_id: str | None = None
    workspace_id: str | None = None
    refund_id: str | None = None
    customer_id: str | None = None
    intent: Intent | None = None  # of a payment: what would be adopted


@dataclass(frozen=True, slots=True)
class Ours:
    """One payment, refund or dispute of our books; for a dispute that nobody heard of, the payment that it is about.

    `tended`: a timer of its own waits for it, so that it goes on by itself.
    """

    about: About
    purchase_id: str
    workspace_id: str
    state: str
    amount_minor: int
    currency: str
    refund_id: str | None = None
    processor_id: str | None = None
    payment_intent_id: str | None = None
    customer_id: str | None = None
    tended: bool = False
    mirrored: bool = False  # a refund of the processor's own


class Verdict(StrEnum):
    """`same`: both agree, or will without us. `wake`: ours is behind, its errand reads it. `adopt`: as ADR 0010 has it,
    and a person looks. `person`: only somebody can decide."""

    SAME = "same"
    WAKE = "wake"
    ADOPT = "adopt"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done about one difference; `kind` only where a person must look."""

    verdict: Verdict
    kind: FindingKind | None = None


SAME = Judgement(Verdict.SAME)
WAKE = Judgement(Verdict.WAKE)


def _person(kind: FindingKind) -> Judgement:
    return Judgement(Verdict.PERSON, kind)


# What the processor's status means for the money; one that is not here is for a person.
TAKEN, MAY_TAKE, TOOK_NOTHING, OVER = "taken", "may take", "took nothing", "over"
OF_INTENT: dict[str, str] = {
    "succeeded": TAKEN,
    "processing": MAY_TAKE,
    "requires_action": MAY_TAKE,
    "requires_capture": MAY_TAKE,
    "requires_payment_method": TOOK_NOTHING,
    "requires_confirmation": TOOK_NOTHING,
    "canceled": OVER,
}
OF_REFUND: dict[str, str] = {
    "succeeded": TAKEN,
    "pending": MAY_TAKE,
    "requires_action": MAY_TAKE,
    "failed": OVER,
    "canceled": OVER,
}

_P, _R = PaymentState, RefundState
_IN_FLIGHT = (_P.CREATED, _P.CHARGING, _P.UNKNOWN)
# Ours in these states is behind when the processor says this. In flight it goes on by itself while it is tended.
_PAYMENTS_BEHIND: dict[str, frozenset[PaymentState]] = {
    TAKEN: frozenset(set(_P) - {_P.SUCCEEDED, _P.CANCELLED}),
    MAY_TAKE: frozenset(_IN_FLIGHT),
    TOOK_NOTHING: frozenset({*_IN_FLIGHT, _P.PROCESSING, _P.REQUIRES_ACTION}),
    OVER: frozenset(set(_P) - {_P.SUCCEEDED, _P.CANCELLED}),
}
_PAYMENTS_WRONG: dict[str, dict[PaymentState, FindingKind]] = {
    TAKEN: {_P.CANCELLED: FindingKind.PAID_AND_CANCELLED_HERE},
    MAY_TAKE: {_P.CANCELLED: FindingKind.PAID_AND_CANCELLED_HERE, _P.SUCCEEDED: FindingKind.PAID_HERE_ONLY},
    TOOK_NOTHING: {_P.SUCCEEDED: FindingKind.PAID_HERE_ONLY},
    OVER: {_P.SUCCEEDED: FindingKind.PAID_HERE_ONLY},
}
_REFUNDS_IN_FLIGHT = (_R.FROZEN, _R.REFUNDING, _R.UNKNOWN)
_REFUNDS_BEHIND: dict[str, frozenset[RefundState]] = {
    TAKEN: frozenset({*_REFUNDS_IN_FLIGHT, _R.PENDING, _R.PARKED}),
    MAY_TAKE: frozenset({*_REFUNDS_IN_FLIGHT, _R.PARKED}),
    OVER: frozenset({*_REFUNDS_IN_FLIGHT, _R.PENDING, _R.SUCCEEDED, _R.PARKED}),
}
_REFUNDS_WRONG: dict[str, dict[RefundState, FindingKind]] = {
    money: dict.fromkeys((_R.ACCEPTED, _R.FAILED), FindingKind.REFUNDED_AND_NOT_HERE) for money in (TAKEN, MAY_TAKE)
}
# Mere inquiries, and what never became a dispute: they move no money.
_NO_DISPUTES = frozenset(
    {"warning_needs_response", "warning_under_review", "warning_closed", "prevented", "charge_refunded"}
)


def judge(theirs: Theirs, ours: Ours | None) -> Judgement:
    """What is to be done about one of theirs; `ours` is what our books have for it."""
    match theirs.about:
        case About.PAYMENT:
            return _judge_payment(theirs, ours)
        case About.REFUND:
            return _judge_refund(theirs, ours)
        case About.DISPUTE:
            return _judge_dispute(theirs, ours)


def missing(ours: Ours) -> Judgement:
    """What is to be done about one of ours that the processor does not know at all."""
    if ours.about is About.REFUND:
        return _person(FindingKind.REFUND_MISSING_THERE)
    return _person(FindingKind.PAYMENT_MISSING_THERE)


def expected_there(ours: Ours) -> bool:
    """Whether the processor is to show it: it told us its id, and money moved by it or may."""
    if ours.processor_id is None:
        return False
    return ours.state in (_P.SUCCEEDED, _P.PROCESSING, _P.REQUIRES_ACTION, _R.PENDING)


def _judge_payment(theirs: Theirs, ours: Ours | None) -> Judgement:
    money = OF_INTENT.get(theirs.status)
    living = money in (TAKEN, MAY_TAKE, None)
    if theirs.purchase_id is None and ours is None:
        return SAME  # somebody else's business on the same account
    if ours is None:
        return Judgement(Verdict.ADOPT, FindingKind.PAYMENT_WITHOUT_PURCHASE) if living else SAME
    if ours.processor_id not in (None, theirs.processor_id):
        return _person(FindingKind.SECOND_PAYMENT) if living else SAME
    if money is None:
        return _person(FindingKind.UNKNOWN_STATUS)
    asked = (ours.amount_minor, ours.currency, ours.workspace_id, ours.purchase_id, ours.customer_id)
    shown = (theirs.amount_minor, theirs.currency, theirs.workspace_id, theirs.purchase_id, theirs.customer_id)
    if asked != shown and (living or ours.state == _P.SUCCEEDED):
        return _person(FindingKind.PAYMENT_DIFFERS)
    state = PaymentState(ours.state)
    wrong = _PAYMENTS_WRONG[money].get(state)
    if wrong is not None:
        return _person(wrong)
    waits_there = state in _IN_FLIGHT and ours.tended
    return WAKE if state in _PAYMENTS_BEHIND[money] and not waits_there else SAME


def _judge_refund(theirs: Theirs, ours: Ours | None) -> Judgement:
    money = OF_REFUND.get(theirs.status)
    if ours is None or ours.about is not About.REFUND:  # none of ours: then `ours` is the payment, if that is
        return _judge_refund_made_there(theirs, ours, money)
    if ours.mirrored:
        return WAKE if money == OVER and ours.state != MirroredState.FAILED else SAME
    if money is None:
        return _person(FindingKind.UNKNOWN_STATUS)
    asked = (ours.amount_minor, ours.currency, ours.payment_intent_id, ours.processor_id or theirs.processor_id)
    shown = (theirs.amount_minor, theirs.currency, theirs.payment_intent_id, theirs.processor_id)
    if asked != shown and money != OVER:
        return _person(FindingKind.REFUND_DIFFERS)
    state = RefundState(ours.state)
    wrong = _REFUNDS_WRONG.get(money, {}).get(state)
    if wrong is not None:
        return _person(wrong)
    waits_there = state in _REFUNDS_IN_FLIGHT and ours.tended
    return WAKE if state in _REFUNDS_BEHIND[money] and not waits_there else SAME


def _judge_refund_made_there(theirs: Theirs, payment: Ours | None, money: str | None) -> Judgement:
    if money == OVER or (payment is None and theirs.refund_id is None):
        return SAME
    if theirs.refund_id is not None:
        return _person(FindingKind.REFUND_UNKNOWN_HERE)
    assert payment is not None
    if money is None:
        return _person(FindingKind.UNKNOWN_STATUS)
    # Nobody heard of it: who mirrors the refunds of a purchase does so once that is paid, and the money is back.
    if payment.state != _P.SUCCEEDED:
        return _person(FindingKind.REFUND_MADE_THERE)
    return WAKE if money == TAKEN else SAME


def _judge_dispute(theirs: Theirs, ours: Ours | None) -> Judgement:
    if ours is None or theirs.status in _NO_DISPUTES:
        return SAME
    state = OF_DISPUTE.get(theirs.status)
    if state is None:
        return _person(FindingKind.UNKNOWN_STATUS)
    if ours.about is About.DISPUTE:
        return SAME if ours.state == state else WAKE
    # Nobody heard of it: who reads the disputes of a purchase does so once that is paid.
    return WAKE if ours.state == _P.SUCCEEDED else _person(FindingKind.DISPUTE_NOT_RECORDED)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One of theirs, or of ours that they did not show, that is not as it should be."""

    judgement: Judgement
    theirs: Theirs | None
    ours: Ours | None


def matched(theirs: Theirs, books: Mapping[tuple[About, str], Ours]) -> Ours | None:
    """Ours of it: by our own id in their metadata, or by theirs in our books; of a refund or dispute that we know
    nothing of, the payment.

    `books` has each of ours under its own id and under the processor's.
    """
    own = {About.PAYMENT: theirs.purchase_id, About.REFUND: theirs.refund_id}.get(theirs.about)
    names = [(theirs.about, own), (theirs.about, theirs.processor_id), (About.PAYMENT, theirs.payment_intent_id)]
    return next((books[about, name] for about, name in names if name is not None and (about, name) in books), None)


def shelved(ours: Sequence[Ours]) -> dict[tuple[About, str], Ours]:
    """Our books as `matched` looks them up."""
    books: dict[tuple[About, str], Ours] = {}
    for each in ours:
        own = {About.PAYMENT: each.purchase_id, About.REFUND: each.refund_id}.get(each.about)
        for name in (own, each.processor_id):
            if name is not None:
                books[each.about, name] = each
    return books


def doubts_of_page(page: Sequence[Theirs], books: Mapping[tuple[About, str], Ours]) -> Iterator[Doubt]:
    """What of a page of theirs is not as our books have it."""
    for theirs in page:
        ours = matched(theirs, books)
        judgement = judge(theirs, ours)
        if judgement.verdict is not Verdict.SAME:
            yield Doubt(judgement, theirs, ours)


def doubts(theirs: Sequence[Theirs], ours: Sequence[Ours]) -> list[Doubt]:
    """Both whole lists compared both ways: each difference once. What the errand does page by page."""
    shown = {(each.about, each.processor_id) for each in theirs}
    unshown = [each for each in ours if expected_there(each) and (each.about, each.processor_id) not in shown]
    return [*doubts_of_page(theirs, shelved(ours)), *(Doubt(missing(each), None, each) for each in unshown)]
