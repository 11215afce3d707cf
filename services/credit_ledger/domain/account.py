"""An account: the lots of one user in one workspace, or of its pool. All that can happen to it happens here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.eligibility import Eligibility
from services.credit_ledger.domain.hold import Hold, Movements
from services.credit_ledger.domain.lot import Lot, burning_order
from services.credit_ledger.domain.news import Burned, Freed, Grown, Lapsed, News, Opened, Paused
from services.credit_ledger.domain.period import LATE, TICK, Period
from services.credit_ledger.domain.posting import Posting, Sink, Source, into, out_of
from services.credit_ledger.domain.resizing import Resize


class Account:
    """A working copy under the account's lock. `lots` are those with credits left, in burning order.

    `version` counts the ledger transactions and switches of the account: the same version is the same state, however
    the messages were cut into batches. `period_start` and `period_end` are those of the latest quota it was given.
    While `late_until` stands the period before that one is not closed (C16), whether anything is left of it or not.
    `quota` is what its seat gives in that period, as far as it was looked at (C8); `resizes` are its changes.
    `held` are the credits of its open holds, which are in no lot; `holds_until` is when the last of all its holds ends.
    `debt` is what it owes (C13). `marked` are the lots that were frozen, taken back, given back, or have paid debt.
    `holds` are those that matter to what is decided: open ones that are due or asked for, and expired ones.
    """

    __slots__ = (
        "at",
        "debt",
        "held",
        "holds",
        "holds_until",
        "late_until",
        "lots",
        "marked",
        "news",
        "period_end",
        "period_start",
        "quota",
        "resizes",
        "stored_version",
        "user_id",
        "version",
        "workspace_id",
    )

    def __init__(
        self,
        workspace_id: str,
        user_id: str,
        version: int = 0,
        period_start: datetime | None = None,
        period_end: datetime | None = None,
        late_until: datetime | None = None,
        held: int = 0,
        holds_until: datetime | None = None,
        quota: int = 0,
        debt: int = 0,
        lots: Iterable[Lot] = (),
    ) -> None:
        self.workspace_id = workspace_id
        self.user_id = user_id
        self.version = self.stored_version = version
        self.period_start = period_start
        self.period_end = period_end
        self.late_until = late_until
        self.held = held
        self.holds_until = holds_until
        self.quota = quota
        self.debt = debt
        self.marked: dict[UUID, Lot] = {}
        self.resizes: list[Resize] = []
        self.holds: list[Hold] = []
        self.lots = sorted(lots, key=burning_order)
        self.news: list[News] = []
        self.at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Workspace and user."""
        return self.workspace_id, self.user_id

    @property
    def changed(self) -> bool:
        """Whether this transaction did anything to it."""
        return self.version != self.stored_version

    @property
    def present_lots(self) -> list[Lot]:
        """The lots with credits left, but for quota whose period is over: that waits for late usage only."""
        return [lot for lot in self.lots if lot.remaining and not self._is_over(lot)]

    def remaining(self, kind: str) -> int:
        """The credits left in the present lots of one kind, usable or not; what a quota withholds is not left (C8)."""
        return sum(lot.left for lot in self.present_lots if lot.kind == kind)

    def usable(self, may: Eligibility) -> int:
        """The credits that may be used now."""
        usable = 0
        for lot in self.lots:  # asked for every usage, so a loop: a third of the time of a sum over a property
            left = lot.remaining - lot.withheld
            if left > 0 and not lot.frozen and _allows(may, lot) and not self._is_over(lot):
                usable += left
        return usable

    def available(self, may: Eligibility, at: datetime, occurred_at: datetime) -> int:
        """The credits that a usage may burn, appended and occurred at these instants."""
        return sum(self.free(lot, at) for lot in self.lots if _allows(may, lot) and self._takes(lot, at, occurred_at))

    @property
    def next_lapse(self) -> datetime | None:
        """When late usage of a period that is over ends (C16), or would end if no other period followed this one."""
        if self.late_until is not None:
            return self.late_until + TICK
        if self.period_end is not None and self._quota_lots():
            return self.period_end + LATE + TICK
        return None

    def turn(self, period: Period, quota: int, at: datetime, postings: list[Posting]) -> None:
        """Begin a period unless it has begun: the new quota is opened (C7); what is left of the last one lapses, or is
        kept for late usage while its hour lasts (C16). One that was cut short by another anchor has no such hour.

        Time never runs backward here: what was decided late, or by an anchor moved back, uses the latest period begun.
        """
        if self.period_start is not None and period.start <= self.period_start:
            return
        self.lapse_ended(at, postings)
        for lot in self._quota_lots():
            if lot.period_end is not None and lot.period_end > period.start:
                self._lapse(lot, at, postings)
        follows = self.period_end == period.start and at <= period.start + LATE
        self.late_until = period.start + LATE if follows else None
        self.period_start, self.period_end, self.quota = period.start, period.end, quota
        self.step(at)
        if quota:  # a catalog may give a seat nothing
            self._open_quota(period.start, period.end, quota, at, postings)

    @property
    def quota_lot_id(self) -> UUID | None:
        """The lot of its period, if there is one."""
        if self.period_start is None:
            return None
        return identity.quota_lot(self.workspace_id, self.user_id, self.period_start)

    def resize(self, quota: int | None, at: datetime, postings: list[Posting]) -> None:
        """Another quota inside the period (C8): left is what it gives less what was used, whatever came between. None:
        all that was ever granted in it. The period's lot must have been read if there is one.

        The lot grows when more is given than ever before in the period. When less is, it withholds the difference: so
        what returns to it, or is captured from a hold of before, is neither lost nor given beyond the quota.
        """
        lot = next((lot for lot in self.lots if lot.lot_id == self.quota_lot_id), None)
        if quota is None:
            quota = lot.granted if lot else 0
        if quota == self.quota or self.period_start is None or self.period_end is None or (lot and lot.lapsed):
            return
        self.step(at)
        grown, transaction_id = 0, None
        if lot is None:
            self._open_quota(self.period_start, self.period_end, quota, at, postings)
        else:
            if quota > lot.granted:
                grown, transaction_id = quota - lot.granted, identity.growth(lot.lot_id, self.version)
                postings.append(into(lot.lot_id, "quota_issued", grown, transaction_id, 0, at))
                self.news.append(Grown(lot, grown, self.version))
            lot.granted, lot.remaining = lot.granted + grown, lot.remaining + grown
            lot.withheld = lot.granted - quota
        workspace_id, user_id = self.key
        before = (self.period_start, self.quota)
        self.resizes.append(
            Resize(workspace_id, user_id, self.version, *before, quota, grown, transaction_id, decided_at=at)
        )
        self.quota = quota

    def lapse_ended(self, at: datetime, postings: list[Posting]) -> None:
        """What is left of quota lapses when its period, and the hour for late usage after it, are over (C16)."""
        for lot in self._quota_lots():
            if lot.period_end is not None and lot.period_end + LATE < at:
                self._lapse(lot, at, postings)
        if self.late_until is not None and self.late_until < at:
            self.late_until = None
            self.step(at)  # also with nothing left to lapse: what is decided next depends on it

    def burn(
        self,
        transaction_id: UUID,
        credits: int,
        may: Eligibility,
        at: datetime,
        occurred_at: datetime,
        postings: list[Posting],
    ) -> bool:
        """Burn whole or not at all (C10), in burning order (C1). False, and nothing done, when credits are short."""
        if self.available(may, at, occurred_at) < credits:
            return False
        burned = self._burning()
        self.step(at)
        burned.version = self.version
        burned.usages += 1
        for lot, taken in self.take("burned", transaction_id, credits, may, (at, occurred_at), postings).items():
            burned.taken[lot] = burned.taken.get(lot, 0) + taken
        return True

    def take(
        self,
        sink: Sink,
        transaction_id: UUID,
        credits: int,
        may: Eligibility,
        times: tuple[datetime, datetime],
        postings: list[Posting],
    ) -> Movements:
        """Take credits that are `available`, in burning order (C1). `times`: when it was appended, and occurred."""
        at, occurred_at = times
        movements: Movements = {}
        for lot in self.lots:
            taken = min(credits, self.free(lot, at))
            if taken == 0 or not (_allows(may, lot) and self._takes(lot, at, occurred_at)):
                continue
            lot.remaining -= taken
            postings.append(out_of(lot.lot_id, sink, taken, transaction_id, len(movements), at))
            movements[lot] = taken
            credits -= taken
            if credits == 0:
                break
        assert credits == 0, "available() promised more than the lots held"
        return movements

    def add(self, lot: Lot) -> None:
        """One more lot, in its place in the burning order."""
        self.lots.append(lot)
        self.lots.sort(key=burning_order)

    def lot(self, lot_id: UUID) -> Lot:
        """One of the account's lots, which must have been read."""
        return next(lot for lot in self.lots if lot.lot_id == lot_id)

    def is_closed(self, lot: Lot, at: datetime) -> bool:
        """Whether what returns to a lot lapses at once: its period, and the hour for late usage after it, are over."""
        if lot.period_start is None or lot.period_end is None:
            return False
        if lot.lapsed or lot.period_end + LATE < at:
            return True
        if self.period_start is None or lot.period_start >= self.period_start:
            return False
        return self.late_until is None or lot.period_end != self.period_start

    def credit(
        self, lot: Lot, transaction_id: UUID, ordinals: tuple[int, int], at: datetime, postings: list[Posting]
    ) -> int:
        """A lot that was bought, or granted by an operator, enters the account. Nothing can refuse it (B8). What the
        account owes is settled from it first (B11); returns how much. `ordinals`: of the two movements."""
        source: Source = "grant_issued" if lot.grant_id else "top_up_issued"
        postings.append(into(lot.lot_id, source, lot.granted, transaction_id, ordinals[0], at))
        self.add(lot)
        self.step(at)
        settled = self._settle(lot, lot.granted, transaction_id, ordinals[1], at, postings) if self.debt else 0
        self.news.append(Opened(lot, settled))
        return settled

    def take_in(
        self, lot: Lot, credits: int, transaction_id: UUID, ordinal: int, at: datetime, postings: list[Posting]
    ) -> int:
        """Credits return to a lot. If it was taken back meanwhile they settle debt before they are anybody's (B11), in
        one movement more, with this ordinal. Returns the number of these: 0 or 1."""
        lot.remaining += credits
        if not (lot.taken and self.debt):
            return 0
        self._settle(lot, credits, transaction_id, ordinal, at, postings)
        return 1

    def owe(
        self, lot: Lot, credits: int, transaction_id: UUID, ordinal: int, at: datetime, postings: list[Posting]
    ) -> None:
        """What a taken back lot lacks for a capture that was in time becomes debt, as if the timer of its hold had not
        rung before: what it paid of debt meanwhile comes back first."""
        if credits <= 0:
            return
        unpaid = min(credits, lot.settled)
        lot.settled -= unpaid
        lot.owed += credits - unpaid
        lot.remaining += credits
        self.debt += credits
        self.mark(lot)
        postings.append(into(lot.lot_id, "debt", credits, transaction_id, ordinal, at))

    def mark(self, lot: Lot) -> None:
        """What a recall or a debt did to a lot is to be written."""
        self.marked[lot.lot_id] = lot

    def early(self, lot: Lot, at: datetime) -> int:
        """What of a lot is there only because the timer of a hold rang before an instant: at this it was still held."""
        return sum(
            part.credits
            for hold in self.holds
            if hold.state == "expired" and hold.expires_at > at
            for part in hold.parts
            if part.lot_id == lot.lot_id
        )

    def _settle(
        self, lot: Lot, at_most: int, transaction_id: UUID, ordinal: int, at: datetime, postings: list[Posting]
    ) -> int:
        settled = min(at_most, self.debt)
        lot.remaining -= settled
        lot.settled += settled
        self.debt -= settled
        self.mark(lot)
        postings.append(out_of(lot.lot_id, "debt", settled, transaction_id, ordinal, at))
        return settled

    def switch(self, before: Eligibility, after: Eligibility, at: datetime) -> bool:
        """What may be used may have changed; no credits move (C4, C5). Pausing and freeing is news once per crossing.
        Returns whether anything changed."""
        if before == after:
            return False
        self.step(at)
        top_up = self.remaining("top_up")
        if top_up and before.paused_by is None and after.paused_by is not None:
            self.news.append(Paused(self.version, after.paused_by, top_up))
        if top_up and before.paused_by is not None and after.paused_by is None:
            self.news.append(Freed(self.version, top_up))
        return True

    def _takes(self, lot: Lot, at: datetime, occurred_at: datetime) -> bool:
        """Whether a usage may burn a lot by its times (C16): the same whether or not the timer has rung meanwhile."""
        if lot.period_start is None or lot.period_end is None or self.period_start is None:
            return True
        if lot.period_start < self.period_start:
            return at < lot.period_end or lot.period_start <= occurred_at < lot.period_end
        return self.late_until is None or at >= self.period_start

    def free(self, lot: Lot, at: datetime) -> int:
        """What of a lot is there for a decision of this instant: what a hold gave back by itself is, from its expiry
        on, and not before, however early the timer rang. What is withheld is not (C8)."""
        if not self.holds:
            return lot.left
        return 0 if lot.frozen else max(0, lot.remaining - lot.withheld - self.early(lot, at))

    def _is_over(self, lot: Lot) -> bool:
        end = lot.period_end
        if end is None:
            return False
        return (self.period_start is not None and end <= self.period_start) or (self.at is not None and end <= self.at)

    def _quota_lots(self) -> list[Lot]:
        return [lot for lot in self.lots if lot.kind == "quota" and lot.remaining]

    def _open_quota(self, start: datetime, end: datetime, quota: int, at: datetime, postings: list[Posting]) -> None:
        lot_id = identity.quota_lot(self.workspace_id, self.user_id, start)
        lot = Lot(lot_id, "quota", quota, quota, start, start, end)
        postings.append(into(lot_id, "quota_issued", quota, identity.issue(lot_id), 0, at))
        self.add(lot)
        self.news.append(Opened(lot))

    def _lapse(self, lot: Lot, at: datetime, postings: list[Posting]) -> None:
        left, lot.remaining, lot.lapsed = lot.remaining, 0, True  # what was withheld too
        postings.append(out_of(lot.lot_id, "lapsed", left, identity.lapse(lot.lot_id), 0, at))
        self.step(at)
        self.news.append(Lapsed(lot, left))

    def _burning(self) -> Burned:
        """The burning that is under way; one that anything else has interrupted is told for itself."""
        if self.news and isinstance(self.news[-1], Burned):
            return self.news[-1]
        burned = Burned(after=self.version, version=self.version)
        self.news.append(burned)
        return burned

    def step(self, at: datetime) -> None:
        """Something happens to the account now."""
        self.version += 1
        self.at = at


def _allows(may: Eligibility, lot: Lot) -> bool:
    return may.quota if lot.kind == "quota" else may.paused_by is None
