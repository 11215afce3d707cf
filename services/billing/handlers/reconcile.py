"""Compares our books with the processor's: one call to it a turn, so a crash costs one page and no memory fills."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.billing.domain.adoption import worth_adopting
from services.billing.domain.payment import IN_FLIGHT
from services.billing.domain.processor import Lists, Page, PaymentsUnknown
from services.billing.domain.reconciliation import (
    LISTED,
    LOOK_AGAIN,
    LOOKS_AT_MOST,
    NEXT,
    PATIENCE,
    WOKEN_AT_ONCE,
    Reconciliation,
    Stage,
)
from services.billing.domain.reconciling import (
    About,
    Doubt,
    Ours,
    Theirs,
    Verdict,
    doubts_of_page,
    judge,
    missing,
)
from services.billing.domain.step import CLOCK_SLACK
from services.billing.handlers.calling import checked
from services.billing.handlers.reconciling import THE_PROCESSOR, tell
from services.billing.handlers.timers import CHARGE, DISPUTES, MIRROR, RECONCILE, REFUND, SETTLE
from services.billing.repository import BillingRepository
from services.billing.repository.reconciliations import Doubted, Progress, name_of
from shared.messaging.crash_points import reach
from shared.messaging.failures import Weather
from shared.messaging.work import Outgoing, Work

AFTER_STRIPE = "billing.reconcile.after-stripe"


@dataclass(frozen=True, slots=True)
class Turn:
    """The comparison as it stands; where a second look is due, at what, and what ours was before it."""

    run: Reconciliation
    doubted: Doubted | None = None
    before: Ours | None = None


Seen = Page | Theirs | None


class ReconcileErrand:
    """Its one timer is everybody's: one comparison at a time, by whichever worker has the lease."""

    kind = RECONCILE
    after_cold_start = True  # what the log still holds is no difference
    concurrency = 1

    def __init__(self, processor: Lists, lease_s: int) -> None:
        self._processor = processor
        self.lease_s = lease_s

    def prepare(self, ref: str, work: Work[BillingRepository]) -> Turn | None:
        """The next part of the oldest comparison that is not finished."""
        runs = work.repository.reconciliations
        run = runs.current()
        if run is None:
            return None
        doubted = runs.next_doubt(run) if run.stage is Stage.DOUBTS else None
        if doubted is None or runs.looked_at(run) >= LOOKS_AT_MOST:
            return Turn(run)
        return Turn(run, doubted, runs.ours(doubted))

    def perform(self, request: Turn) -> Seen:
        """One reading, or none where the stage needs none. Raises `Weather`, and `SettingsProblem` on 401."""
        seen = self._ask(request)
        reach(AFTER_STRIPE)
        return seen

    def record(self, ref: str, request: Turn, answer: Seen, work: Work[BillingRepository]) -> Iterable[Outgoing]:
        """Keep what differs, wake what is behind, go on."""
        run = work.repository.reconciliations.current()
        assert run is not None
        assert run.reconciliation_id == request.run.reconciliation_id, "the lease keeps others away"
        if isinstance(answer, Page):
            _take_page(run, answer, work)
        elif request.doubted is not None:
            _look_again(run, request, answer, work)
        elif run.stage is Stage.OURS:
            _take_ours(run, work)
        elif run.stage is Stage.DOUBTS:
            left = work.repository.reconciliations.leave_doubts(run)
            work.repository.reconciliations.advance(
                run, Progress(Stage.HEALING, not_looked_at=left, progress_at=work.now)
            )
        else:
            yield from _heal(run, work)
            return
        work.timers.set(RECONCILE, THE_PROCESSOR, work.now)

    def _ask(self, request: Turn) -> Seen:
        run = request.run
        try:
            if request.doubted is not None:
                return self._processor.look(request.doubted.about, request.doubted.processor_id)
            if run.stage in LISTED:
                return self._processor.page(LISTED[run.stage], run.since - CLOCK_SLACK, run.place)
        except PaymentsUnknown as error:
            checked(error.answer)
            raise Weather(f"the processor does not list: {error}") from error
        return None


def _take_page(run: Reconciliation, page: Page, work: Work[BillingRepository]) -> None:
    runs, about = work.repository.reconciliations, LISTED[run.stage]
    runs.note_shown(run, page.shown)
    for doubt in doubts_of_page(page.shown, runs.books_for(page.shown)):
        _keep(run, name_of(doubt), doubt, work, at_first_sight=True)
    stage = run.stage if page.after is not None else NEXT[run.stage]
    shown = {each: len(page.shown) if each is about else 0 for each in About}
    runs.advance(
        run,
        Progress(
            stage,
            page.after,
            payments=shown[About.PAYMENT],
            refunds=shown[About.REFUND],
            disputes=shown[About.DISPUTE],
        ),
    )


def _take_ours(run: Reconciliation, work: Work[BillingRepository]) -> None:
    runs = work.repository.reconciliations
    runs.doubt_unshown(run)
    runs.advance(run, Progress(Stage.DOUBTS, ours=runs.count_ours(run)))


def _look_again(run: Reconciliation, request: Turn, seen: Seen, work: Work[BillingRepository]) -> None:
    """The second look counts only if ours stood still meanwhile: else it is taken once more."""
    doubted, runs = request.doubted, work.repository.reconciliations
    assert doubted is not None
    assert not isinstance(seen, Page)
    ours = runs.ours(doubted)
    if ours != request.before:
        return
    if seen is None:
        doubt = Doubt(missing(ours), None, ours) if ours and ours.about is doubted.about else None
    else:
        doubt = Doubt(judge(seen, ours), seen, ours)
    _keep(run, doubted, doubt, work, at_first_sight=False)


def _keep(
    run: Reconciliation, name: Doubted, doubt: Doubt | None, work: Work[BillingRepository], *, at_first_sight: bool
) -> None:
    runs = work.repository.reconciliations
    verdict = doubt.judgement.verdict if doubt else Verdict.SAME
    if doubt is not None and verdict is Verdict.WAKE:
        assert doubt.ours is not None
        _wake(name.about, doubt.ours, work)
        runs.store(run, name, "woken", doubt)
    elif verdict is Verdict.SAME:
        runs.store(run, name, "settled", doubt)
    elif at_first_sight:
        runs.store(run, name, "doubted", doubt)
    else:
        assert doubt is not None
        if verdict is Verdict.ADOPT and doubt.theirs and doubt.theirs.intent and worth_adopting(doubt.theirs.intent):
            work.repository.processor_payments.store([doubt.theirs.intent], work.now)
        runs.store(run, name, "found", doubt)


def _wake(about: About, ours: Ours, work: Work[BillingRepository]) -> None:
    """Whoever is woken reads what is true, under its own key and lock."""
    if about is About.DISPUTE:
        work.timers.set(DISPUTES, ours.purchase_id, work.now)
    elif about is About.REFUND and (ours.mirrored or ours.about is About.PAYMENT):
        work.timers.set(MIRROR, ours.purchase_id, work.now)
    elif ours.about is About.REFUND:
        assert ours.refund_id is not None
        work.timers.set(REFUND, ours.refund_id, work.now)
    else:
        work.timers.set(CHARGE if ours.state in IN_FLIGHT else SETTLE, ours.purchase_id, work.now)


def _heal(run: Reconciliation, work: Work[BillingRepository]) -> Iterable[Outgoing]:
    """Wait for what was woken, as long as any of it settles; then tell."""
    runs = work.repository.reconciliations
    woken = runs.woken(run, WOKEN_AT_ONCE)
    healed = [each for each in woken if _agrees(each, runs.ours(each))]
    for each in healed:
        runs.heal(run, each)
    progress_at = work.now if healed else run.progress_at
    if len(woken) == WOKEN_AT_ONCE:
        runs.advance(run, Progress(run.stage, woken[-1].processor_id, progress_at=progress_at))
        work.timers.set(RECONCILE, THE_PROCESSOR, work.now)
    elif runs.count(run.reconciliation_id, "woken") and work.now < progress_at + PATIENCE:
        runs.advance(run, Progress(run.stage, progress_at=progress_at))
        work.timers.set(RECONCILE, THE_PROCESSOR, work.now + LOOK_AGAIN)
    else:
        runs.give_up_woken(run)
        runs.advance(run, Progress(Stage.FINISHED), finished_at=work.now)
        yield tell(run, work)
        # Another one may wait: an operator's behind the clock's.
        work.timers.set(RECONCILE, THE_PROCESSOR, work.now)


def _agrees(woken: Doubted, ours: Ours | None) -> bool:
    """Whether our books have come to what the processor showed; amounts and ids were compared before it was woken."""
    if ours is None or woken.theirs is None:
        return False
    theirs = Theirs(
        woken.about,
        woken.processor_id,
        woken.theirs,
        ours.amount_minor,
        ours.currency,
        ours.payment_intent_id,
        ours.purchase_id,
        ours.workspace_id,
        ours.refund_id,
        ours.customer_id,
    )
    # On its way is not there: the timer that we set ourselves proves nothing.
    return judge(theirs, replace(ours, tended=False)).verdict is Verdict.SAME
