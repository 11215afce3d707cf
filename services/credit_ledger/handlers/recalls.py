"""Credits called back by refunds and disputes: appraised, frozen, taken back, given back (B11, B12, C13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.recall import AFTER, Line, Moved, Recall, RecallKey, Standing, Step
from services.credit_ledger.domain.recalling import fit, standing
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.handlers.hold_answers import expired
from services.credit_ledger.handlers.renewal import set_timers
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.recalls import Recalls
from shared.contracts.catalog import LEDGER_PURCHASE
from shared.contracts.reasons import Reason
from shared.contracts.recalls import (
    FreezeRefused,
    GivenLot,
    LotsAppraisalAsked,
    LotsAppraised,
    LotStanding,
    PurchaseFrozen,
    PurchaseGivenBack,
    PurchaseTakenBack,
    RecallClosed,
    RecalledLot,
    RecallOpened,
    TakenLot,
)
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received, Work

About = LotsAppraisalAsked | RecallOpened | RecallClosed

log = structlog.get_logger()

_DETAILS = {
    Reason.UNKNOWN_PURCHASE: "no such purchase with these lines was credited; check purchase, editors and lots",
    Reason.LINE_TOUCHED: "credits of these lines were used or are held; only an operator refunds them, as debt",
}


def appraise_lots(run: Sequence[Received[LotsAppraisalAsked]], work: Work[LedgerRepository]) -> list[Effect]:
    """Say how much of these lines is unspent. Nothing is written."""
    case = _Case(run, work.repository)
    effects: list[Effect] = []
    for received in run:
        message = received.message
        lines = case.lines(message, received)
        if lines is None and received.may_wait:
            effects.append(Park(received, f"purchase {message.purchase_id}"))
        elif lines is None:
            log.error("unknown_lots_to_appraise", workspace_id=message.workspace_id, purchase_id=message.purchase_id)
        else:
            answer = LotsAppraised(
                **_named(message.workspace_id, message.purchase_id),
                appraisal_id=message.appraisal_id,
                lots=tuple(map(_standing, lines)),
            )
            effects.append(Outgoing(LEDGER_PURCHASE, answer, received.cause))
    return effects


def open_recalls(run: Sequence[Received[RecallOpened]], work: Work[LedgerRepository]) -> list[Effect]:
    """Freeze all of these lines or none. Each recall id is decided once for ever."""
    case = _Case(run, work.repository)
    effects: list[Effect] = []
    for received in run:
        recall = case.recalls.known.get(_key(received))
        if recall is None:
            recall = case.open(received)
        elif not _says_the_same(received.message, recall):
            _contradicts(received, "recall_id_reused")
        effects.append(_opened(recall, received.cause))
    return [*effects, *case.write(work)]


def close_recalls(run: Sequence[Received[RecallClosed]], work: Work[LedgerRepository]) -> list[Effect]:
    """Take back or give back. Of each line the highest step counts; what is told again is answered alike."""
    case = _Case(run, work.repository)
    effects: list[Effect] = []
    for received in run:
        message, key = received.message, _key(received)
        step = case.recalls.steps.get((key, message.step))
        if step is None:
            recall = case.recalls.known.get(key) or case.begin(received)
            if recall is None and received.may_wait:
                effects.append(Park(received, f"purchase {message.purchase_id}"))
                continue
            if recall is None or recall.refusal is not None:
                _contradicts(received, "verdict_about_nothing_frozen")
                continue
            step = case.close(recall, received)
        elif step.verdict != message.verdict:
            _contradicts(received, "recall_step_reused")
        if step is not None:
            effects.append(_closed(step, received.cause))
    return [*effects, *case.write(work)]


class _Case:
    """What one run about recalls works on: the books under lock, the recalls in question, and what is new."""

    def __init__(self, run: Sequence[Received[Any]], repository: LedgerRepository) -> None:
        stated = [(received.message, lot) for received in run for lot in received.message.lots]
        owners = {(message.workspace_id, lot.user_id) for message, lot in stated}
        lot_ids = {UUID(lot.lot_id) for _, lot in stated}
        keys = {_key(received) for received in run if hasattr(received.message, "recall_id")}
        self._repository = repository
        self.books = Books(repository.directory.share(owners), repository.catalogs.read())
        accounts = repository.accounts.lock(owners)
        self.books.accounts.update((account.key, account) for account in accounts)
        self.recalls: Recalls = repository.recalls.read(keys, lot_ids)
        in_debt = repository.recalls.lots_in_debt([account.key for account in accounts])
        repository.accounts.load(self.books.accounts, lot_ids | in_debt)
        times = [received.appended_at for received in run]
        repository.holds.attach(accounts, min(times), max(times))
        self._held = repository.recalls.held(lot_ids)
        self._new: list[tuple[Recall, Cause]] = []
        self._steps: list[tuple[Step, Cause]] = []
        self._touched: dict[RecallKey, Recall] = {}
        self._causes: dict[AccountKey, Cause] = {}
        self._expired: list[Effect] = []

    def lines(self, message: About, received: Received[Any]) -> list[Line] | None:
        """The lines that a message names, as they stand; None when one of them is no line of the purchase."""
        found = []
        for stated in {lot.lot_id: lot for lot in message.lots}.values():
            line = self._line(message, stated, received)
            if line is None:
                return None
            found.append(line)
        return found

    def open(self, received: Received[RecallOpened]) -> Recall:
        """Decide a recall that is new."""
        message, key, at = received.message, _key(received), received.appended_at
        self._end_holds(message, received)
        lot_ids = tuple(UUID(lot.lot_id) for lot in message.lots)
        recall = Recall(key, message.purchase_id, at, message.cause, message.untouched_only, lots=lot_ids)
        lines = self.lines(message, received)
        if lines is None:
            recall.refusal = Reason.UNKNOWN_PURCHASE
        elif message.untouched_only and any(line.standing.unspent < line.standing.credits for line in lines):
            recall.refusal = Reason.LINE_TOUCHED
        recall.standings = tuple(lines or ())
        if recall.refusal is not None:
            recall.detail = _DETAILS[recall.refusal]
        self._keep(recall, received.cause)
        for line in recall.lines.values():
            account, lot = self._place(key[0], line)
            fit(account, lot, self.recalls.by_lot[line.lot_id], None, 0, at, self.books.postings)
            self._causes[account.key] = received.cause
        return recall

    def begin(self, received: Received[RecallClosed]) -> Recall | None:
        """A recall of which the verdict comes first; None when its lines are not known."""
        message = received.message
        lines = self.lines(message, received)
        if lines is None:
            return None
        lot_ids = tuple(UUID(lot.lot_id) for lot in message.lots)
        recall = Recall(_key(received), message.purchase_id, received.appended_at, lots=lot_ids)
        recall.standings = tuple(lines)
        self._keep(recall, received.cause)
        return recall

    def close(self, recall: Recall, received: Received[RecallClosed]) -> Step | None:
        """Carry out a verdict on those of its lines that know of no later one; None where there is none."""
        message, at = received.message, received.appended_at
        transaction_id = identity.recall_step(*recall.key, message.step)
        named = dict.fromkeys(UUID(lot.lot_id) for lot in message.lots)
        if not recall.lines.keys() >= named.keys():
            _contradicts(received, "verdict_about_another_line")
        lines = [line for lot_id in named if (line := recall.lines.get(lot_id)) and line.step < message.step]
        if not lines:
            return None
        self._end_holds(message, received)
        moved: list[Moved] = []
        first = len(self.books.postings)
        for line in lines:
            line.state, line.step = AFTER[message.verdict], message.step
            account, lot = self._place(recall.key[0], line)
            ordinal = len(self.books.postings) - first
            together = self.recalls.by_lot[line.lot_id]
            moved.append(fit(account, lot, together, transaction_id, ordinal, at, self.books.postings))
            self._causes[account.key] = received.cause
        what = (recall.key, recall.purchase_id, message.step, message.verdict)
        step = Step(*what, transaction_id, at, tuple(moved))
        self.recalls.steps[recall.key, message.step] = step
        self._steps.append((step, received.cause))
        self._touched[recall.key] = recall
        return step

    def write(self, work: Work[LedgerRepository]) -> list[Effect]:
        """Keep all of it; returns what is to be told of the accounts."""
        changed = self.books.changed()
        if self._new or self._steps:
            self._repository.accounts.write(changed, self.books.postings)
            self._repository.holds.write([], self.books.ends)
            self._repository.recalls.write(self._new, self._touched.values(), self._steps)
            returned = {end.hold.account: end.at for end in self.books.ends}
            set_timers(work.timers, self.books, [(self.books.accounts[key], at) for key, at in returned.items()])
        told: list[Effect] = list(self._expired)
        for account in changed:
            told.extend(announce(account, self.books.may(account.key), self._causes[account.key]))
        return told

    def _keep(self, recall: Recall, cause: Cause) -> None:
        self.recalls.known[recall.key] = self._touched[recall.key] = recall
        self._new.append((recall, cause))
        if recall.refusal is None:
            recall.lines = {line.lot_id: line for line in recall.standings}
            for line in recall.standings:
                self.recalls.by_lot.setdefault(line.lot_id, []).append(line)

    def _end_holds(self, message: About, received: Received[Any]) -> None:
        """Holds that are over are, whether their timer has rung or not (C9)."""
        before = len(self.books.ends)
        for user_id in sorted({lot.user_id for lot in message.lots}):
            account = self.books.accounts.get((message.workspace_id, user_id))
            if account is not None and account.holds:
                self.books.expire(account, received.appended_at)
                self._causes[account.key] = received.cause
        for end in self.books.ends[before:]:
            self._expired.append(expired(end.hold, received.cause))
            for part in end.hold.parts:
                if part.lot_id in self._held:
                    self._held[part.lot_id] -= part.credits

    def _line(self, message: About, stated: RecalledLot, received: Received[Any]) -> Line | None:
        lot_id = UUID(stated.lot_id)
        account = self.books.accounts.get((message.workspace_id, stated.user_id))
        lot = next((lot for lot in account.lots if lot.lot_id == lot_id), None) if account else None
        if account is None or lot is None or str(lot.purchase_id) != message.purchase_id:
            return None
        now = standing(account, lot, self._held.get(lot_id, 0), received.appended_at)
        return Line(stated.user_id, lot_id, now)

    def _place(self, workspace_id: str, line: Line) -> tuple[Account, Lot]:
        account = self.books.accounts[workspace_id, line.user_id]
        return account, account.lot(line.lot_id)


def _says_the_same(message: RecallOpened, recall: Recall) -> bool:
    if recall.cause is None:
        return message.purchase_id == recall.purchase_id
    stated = (message.purchase_id, message.cause, message.untouched_only, {UUID(lot.lot_id) for lot in message.lots})
    return stated == (recall.purchase_id, recall.cause, recall.untouched_only, set(recall.lots))


def _contradicts(received: Received[Any], event: str) -> None:
    """Billing contradicts itself: what was decided first stands, and a person must look. The stream goes on."""
    message = received.message
    named = _named(message.workspace_id, message.purchase_id)
    log.error(event, **named, recall_id=message.recall_id, event_id=received.cause.id)


def _opened(recall: Recall, cause: Cause) -> Outgoing:
    named = {**_named(recall.key[0], recall.purchase_id), "recall_id": recall.key[1]}
    lots = tuple(map(_standing, recall.standings))
    answer: PurchaseFrozen | FreezeRefused
    if recall.refusal is None:
        answer = PurchaseFrozen(**named, lots=lots)
    else:
        answer = FreezeRefused(**named, reason=recall.refusal, detail=recall.detail or "refused", lots=lots)
    return Outgoing(LEDGER_PURCHASE, answer, cause, derive("recall-opened", *recall.key))


def _closed(step: Step, cause: Cause) -> Outgoing:
    named = {**_named(step.key[0], step.purchase_id), "recall_id": step.key[1], "step": step.step}
    lines = [({"user_id": each.user_id, "lot_id": str(each.lot_id)}, each) for each in step.moved]
    answer: PurchaseTakenBack | PurchaseGivenBack
    if step.verdict == "take_back":
        taken = tuple(TakenLot(**line, taken=moved.credits, debt=moved.debt) for line, moved in lines)
        answer = PurchaseTakenBack(**named, lots=taken)
    else:
        given = tuple(GivenLot(**line, given=moved.credits, debt_ended=moved.debt) for line, moved in lines)
        answer = PurchaseGivenBack(**named, lots=given)
    return Outgoing(LEDGER_PURCHASE, answer, cause, derive("recall-closed", *step.key, step.step))


def _standing(line: Line) -> LotStanding:
    stands: Standing = line.standing
    return LotStanding(user_id=line.user_id, lot_id=str(line.lot_id), **stands._asdict())


def _named(workspace_id: str, purchase_id: str) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "purchase_id": purchase_id}


def _key(received: Received[Any]) -> RecallKey:
    return received.message.workspace_id, received.message.recall_id
