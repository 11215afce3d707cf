"""A deliberately naive ledger: one credit at a time, nothing cached. It shares no code with the real one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from shared.contracts.decode import Tombstone
from shared.contracts.holds import CaptureHold, HoldCredits, ReleaseHold
from shared.contracts.operator_commands import CorrectCredits, GrantCredits
from shared.contracts.product import UsageReported, UsageReversed
from shared.contracts.recalls import RecallClosed, RecallOpened
from shared.contracts.top_up_events import PurchasePaid
from shared.contracts.workspace import MemberChanged, WorkspaceChanged
from tests.property.credit_ledger.memory import LIMITS
from tests.property.credit_ledger.naive_lot import Account, NaiveHold, NaiveLot
from tests.property.credit_ledger.operations import CATALOG, USERS, Operation, Ring


class NaiveLedger:
    """Follows the rules word by word."""

    def __init__(self) -> None:
        self.workspaces: dict[str, WorkspaceChanged] = {}
        self.roles: dict[Account, MemberChanged] = {}
        self.removed: set[str] = set()
        self.lots: list[NaiveLot] = []
        self.begun: dict[Account, datetime] = {}
        self.ends: dict[Account, datetime] = {}
        self.late: dict[Account, datetime] = {}  # until when the period before the one begun takes its late usage
        self.outcomes: dict[tuple[str, str], str] = {}
        self.purchases: set[str] = set()
        self.holds: dict[tuple[str, str], NaiveHold] = {}
        self.debts: dict[Account, int] = {}
        self.frozen: dict[str, bool] = {}  # of each recall whether it was not refused
        self.deeds: dict[str, str] = {}
        self.days: dict[tuple[str, date], int] = {}

    def take(self, operation: Operation) -> None:
        """One thing after the other."""
        content, at = operation.content, operation.at
        if isinstance(content, WorkspaceChanged):
            known = self.workspaces.get(content.workspace_id)
            if known is None or content.version > known.version:
                self.workspaces[content.workspace_id] = content
                self.removed.discard(content.workspace_id)
        elif isinstance(content, MemberChanged):
            role = self.roles.get((content.workspace_id, content.user_id))
            if role is None or content.version > role.version:
                self.roles[content.workspace_id, content.user_id] = content
                self.removed.discard(content.key())
        elif isinstance(content, Tombstone):
            self.removed.add(content.key)
        elif isinstance(content, PurchasePaid):
            self._buy(content, at)
        elif isinstance(content, RecallOpened):
            self._freeze(content, at)
        elif isinstance(content, RecallClosed):
            self._judge(content, at)
        elif isinstance(content, GrantCredits | CorrectCredits):
            self._deed(content, at)
        elif isinstance(content, UsageReported):
            self._use(content, at)
        elif isinstance(content, UsageReversed):
            self._reverse(content, at)
        elif isinstance(content, HoldCredits):
            self._hold(content, at)
        elif isinstance(content, CaptureHold | ReleaseHold):
            self._end(content, at)
        elif isinstance(content, Ring):
            for user in (*USERS, "~pool"):
                self._begin_period((content.workspace_id, user), at)
            self._expire(content.workspace_id, at)

    def left(self) -> dict[str, int]:
        """What is left of each lot."""
        return {lot.lot_id: lot.left for lot in self.lots}

    def usable(self) -> dict[str, int]:
        """What of each lot may be used, where its account's user may."""
        return {lot.lot_id: lot.usable for lot in self.lots}

    def burned(self) -> dict[str, dict[str, int]]:
        """What each usage took from each lot, by kind of lot or purchase's lot id."""
        taken: dict[str, dict[str, int]] = {}
        for lot in self.lots:
            for usage in lot.burned_by:
                by_lot = taken.setdefault(usage, {})
                by_lot[lot.lot_id] = by_lot.get(lot.lot_id, 0) + 1
        return taken

    def held(self) -> dict[str, int]:
        """What is held of each lot."""
        return {lot.lot_id: len(lot.held_by) for lot in self.lots if lot.held_by}

    def _hold(self, hold: HoldCredits, at: datetime) -> None:
        key = (hold.workspace_id, hold.hold_id)
        if key in self.holds:
            return
        assert hold.credits is not None
        placed = self.holds[key] = NaiveHold(hold.credits, at + timedelta(seconds=hold.expires_in_s), "refused")
        lots = self._usable(hold.workspace_id, hold.user_id, at, at)
        if isinstance(lots, str) or sum(lot.usable for lot in lots) < hold.credits:
            return
        placed.state = "held"
        for _ in range(hold.credits):
            _first(lots).held_by.append("/".join(key))

    def _end(self, command: CaptureHold | ReleaseHold, at: datetime) -> None:
        key = (command.workspace_id, command.hold_id)
        hold = self.holds.get(key)
        if hold is None or hold.state != "held" or at >= hold.ends:
            return
        captured = 0
        if isinstance(command, CaptureHold):
            assert command.credits is not None
            if command.credits > hold.credits:
                return
            captured = command.credits
        hold.state = "captured" if captured else "released"
        self._give_back("/".join(key), at, captured)

    def _expire(self, workspace_id: str, at: datetime, account: Account | None = None) -> None:
        """Holds that are over; of one account where it is asked for one."""
        for key, hold in sorted(self.holds.items(), key=lambda item: item[1].ends):
            name = "/".join(key)
            owners = {lot.account for lot in self.lots if name in lot.held_by}
            if (
                key[0] == workspace_id
                and hold.state == "held"
                and hold.ends <= at
                and owners <= {account or next(iter(owners))}
            ):
                hold.state = "expired"
                self._give_back(name, at, 0)

    def _give_back(self, hold: str, at: datetime, captured: int) -> None:
        """Captured first of what would have burned first; the rest goes where it came from, if that is still there."""
        lots = [lot for lot in self.lots if hold in lot.held_by]
        for lot in sorted(lots, key=lambda lot: (lot.kind == "top_up", lot.opened_at, lot.lot_id)):
            while hold in lot.held_by:
                closed = self._is_closed(lot, at)
                lot.held_by.remove(hold)
                if captured:
                    captured -= 1
                    lot.burned_by.append(f"hold {hold}")
                elif closed:
                    lot.lapsed += 1
                else:
                    self._came_back(lot)

    def _reverse(self, usage: UsageReversed, at: datetime) -> None:
        name = f"{usage.workspace_id}/{usage.usage_id}"
        for lot in self.lots:
            closed = name in lot.burned_by and self._is_closed(lot, at)
            while name in lot.burned_by:
                lot.burned_by.remove(name)
                lot.lapsed += closed
                if not closed:
                    self._came_back(lot)

    def _is_closed(self, lot: NaiveLot, at: datetime) -> bool:
        if lot.ends is None or lot.starts is None:
            return False
        over = lot.has_lapsed or at > lot.ends + timedelta(minutes=60)
        before = lot.starts < self.begun[lot.account]
        waits = lot.account in self.late and lot.ends == self.begun[lot.account]
        return over or (before and not waits)

    def _buy(self, purchase: PurchasePaid, at: datetime) -> None:
        if purchase.purchase_id in self.purchases:
            return
        if {line.lot_id for line in purchase.lines} & {lot.lot_id for lot in self.lots}:
            return
        self.purchases.add(purchase.purchase_id)
        for line in purchase.lines:
            account = (purchase.workspace_id, line.user_id)
            self._add(NaiveLot(account, "top_up", at, line.lot_id, line.credits))

    def _add(self, lot: NaiveLot) -> None:
        """What is owed is settled first."""
        self.lots.append(lot)
        while lot.left and self.debts.get(lot.account):
            self._pay(lot)

    def _pay(self, lot: NaiveLot) -> None:
        lot.paid += 1
        self.debts[lot.account] -= 1

    def _came_back(self, lot: NaiveLot) -> None:
        """One credit, to its lot: if that was taken back it pays debt."""
        if lot.gone and self.debts.get(lot.account):
            self._pay(lot)

    def _named(self, recall: RecallOpened | RecallClosed) -> list[NaiveLot] | None:
        lots = []
        for stated in recall.lots:
            account = (recall.workspace_id, stated.user_id)
            lots += [lot for lot in self.lots if lot.lot_id == stated.lot_id and lot.account == account]
        return lots if len(lots) == len(recall.lots) else None

    def _freeze(self, recall: RecallOpened, at: datetime) -> None:
        if recall.recall_id in self.frozen:
            return
        for stated in sorted(recall.lots, key=lambda stated: stated.user_id):
            self._expire(recall.workspace_id, at, (recall.workspace_id, stated.user_id))
        lots = self._named(recall)
        touched = recall.untouched_only and any(lot.left < lot.credits or lot.gone for lot in lots or ())
        self.frozen[recall.recall_id] = lots is not None and not touched
        if self.frozen[recall.recall_id]:
            for lot in lots or ():
                lot.recalls[recall.recall_id] = (0, "open")

    def _judge(self, recall: RecallClosed, at: datetime) -> None:
        lots = self._named(recall)
        if recall.recall_id not in self.frozen and lots is not None:
            self.frozen[recall.recall_id] = True
            for lot in lots:
                lot.recalls[recall.recall_id] = (0, "open")
        if not self.frozen.get(recall.recall_id):
            return
        later = [lot for lot in lots or () if lot.recalls[recall.recall_id][0] < recall.step]
        for stated in sorted(recall.lots, key=lambda stated: stated.user_id) if later else ():
            self._expire(recall.workspace_id, at, (recall.workspace_id, stated.user_id))
        for lot in later:
            lot.recalls[recall.recall_id] = (recall.step, recall.verdict)
            taken = "take_back" in {word for _, word in lot.recalls.values()}
            if taken and not lot.gone:
                lot.owed = lot.credits - lot.withdrawn - lot.left
                lot.gone = lot.credits - lot.withdrawn
                self.debts[lot.account] = self.debts.get(lot.account, 0) + lot.owed
            elif not taken and lot.gone:
                self._undo(lot)

    def _undo(self, lot: NaiveLot) -> None:
        """Of each credit that was owed: it is not owed any more, or whoever has paid it gets it again."""
        owed, lot.owed, lot.gone = lot.owed, 0, 0
        for _ in range(owed):
            payers = [x for x in self.lots if x.account == lot.account and x.paid and not x.gone]
            if self.debts[lot.account]:
                self.debts[lot.account] -= 1
            elif payers:
                max(payers, key=lambda payer: (payer.opened_at, payer.lot_id)).paid -= 1

    def _deed(self, deed: GrantCredits | CorrectCredits, at: datetime) -> None:
        name = deed.grant_id if isinstance(deed, GrantCredits) else deed.correction_id
        if name in self.deeds:
            return
        account = (deed.workspace_id, deed.user_id)
        self.deeds[name] = "refused"
        known = deed.workspace_id in self.workspaces and deed.workspace_id not in self.removed
        if isinstance(deed, GrantCredits) and not (known and self._role(account) != "nobody"):
            return
        day = (deed.operator_id, at.date())
        if deed.credits > LIMITS.per_command or self.days.get(day, 0) + deed.credits > LIMITS.per_day:
            return
        self._expire(deed.workspace_id, at, account)
        if isinstance(deed, GrantCredits):
            self._add(NaiveLot(account, "top_up", at, f"grant {name}", deed.credits))
        elif deed.deed == "forgive_debt":
            if self.debts.get(account, 0) < deed.credits:
                return
            self.debts[account] -= deed.credits
        else:
            bought = [lot for lot in self.lots if lot.account == account and lot.kind == "top_up"]
            if sum(lot.usable for lot in bought) < deed.credits:
                return
            for _ in range(deed.credits):
                newest = max((lot for lot in bought if lot.usable), key=lambda lot: (lot.opened_at, lot.lot_id))
                newest.withdrawn += 1
        self.deeds[name] = "done"
        self.days[day] = self.days.get(day, 0) + deed.credits

    def _use(self, usage: UsageReported, at: datetime) -> None:
        key = (usage.workspace_id, usage.usage_id)
        if key in self.outcomes:
            return
        lots = self._usable(usage.workspace_id, usage.user_id, at, usage.occurred_at)
        if isinstance(lots, str):
            self.outcomes[key] = lots
            return
        assert usage.credits is not None
        if sum(lot.usable for lot in lots) < usage.credits:
            self.outcomes[key] = "short"
            return
        self.outcomes[key] = "burned"
        for _ in range(usage.credits):
            _first(lots).burned_by.append("/".join(key))

    def _usable(self, workspace_id: str, user_id: str, at: datetime, occurred_at: datetime) -> list[NaiveLot] | str:
        """The lots that may be used, or why none may."""
        role = self._role((workspace_id, user_id))
        if workspace_id in self.removed or role == "nobody":
            return "unknown"
        if role == "viewer":
            return "cannot_edit"
        pooled = self._pooled(workspace_id)
        payer = (workspace_id, "~pool" if pooled else user_id)
        self._begin_period(payer, at)
        self._expire(workspace_id, at, payer)
        workspace = self.workspaces[workspace_id]
        kinds = ["quota"] + ([] if pooled or workspace.status != "active" else ["top_up"])
        mine = [lot for lot in self.lots if lot.account == payer and lot.kind in kinds]
        return [lot for lot in mine if lot.kind == "top_up" or self._takes(lot, at, occurred_at)]

    def _takes(self, quota: NaiveLot, at: datetime, occurred_at: datetime) -> bool:
        assert quota.starts
        assert quota.ends
        if quota.starts == self.begun[quota.account]:
            waits_for_its_begin = quota.account in self.late and at < quota.starts
            return not waits_for_its_begin
        was_in_time = at < quota.ends
        occurred_in_it = quota.starts <= occurred_at < quota.ends
        return was_in_time or occurred_in_it

    def _begin_period(self, account: Account, at: datetime) -> None:
        quota = self._quota(account)
        mine = [lot for lot in self.lots if lot.account == account and lot.kind == "quota"]
        for lot in mine:
            if lot.ends is not None and at > lot.ends + timedelta(minutes=60):
                lot.has_lapsed = lot.has_lapsed or lot.left > 0
                lot.lapsed += lot.left
        if account in self.late and at > self.late[account]:
            del self.late[account]
        if quota is None:
            if self._is_shut(account):
                self._allot(account, 0)
            return
        anchor = self.workspaces[account[0]].cycle_anchor
        start, end, first = _period(anchor, at)
        if account in self.begun and self.begun[account] >= start:
            self._allot(account, quota)
            return
        if account[1] == "~pool" and first and account not in self.begun:
            quota = CATALOG.quotas.free_first_period
        for lot in mine:
            if lot.ends is not None and lot.ends > start:  # cut short by another anchor
                lot.has_lapsed = lot.has_lapsed or lot.left > 0
                lot.lapsed += lot.left
        self.late.pop(account, None)
        if self.ends.get(account) == start and at <= start + timedelta(minutes=60):
            self.late[account] = start + timedelta(minutes=60)
        self.begun[account], self.ends[account] = start, end
        self.lots.append(NaiveLot(account, "quota", start, f"{account} {start}", quota, start, end, given=quota))

    def _allot(self, account: Account, quota: int) -> None:
        """A plan or seat that gives another quota than before: what was used stays used."""
        for lot in self.lots:
            if lot.account == account and lot.starts == self.begun.get(account) and lot.starts and not lot.has_lapsed:
                if account[1] == "~pool" and quota:
                    quota = lot.credits
                lot.credits, lot.given = max(lot.credits, quota), quota

    def _is_shut(self, account: Account) -> bool:
        """Its quota belongs to the other kind of plan, pooled or not."""
        known = account[0] in self.workspaces and account[0] not in self.removed
        return known and self._pooled(account[0]) != (account[1] == "~pool")

    def _quota(self, account: Account) -> int | None:
        if account[0] in self.removed or account[0] not in self.workspaces:
            return None
        pooled, quotas = self._pooled(account[0]), CATALOG.quotas
        if account[1] == "~pool":
            return quotas.free if pooled else None
        role = self._role(account)
        if pooled or role in ("viewer", "nobody"):
            return None
        seat = "guest_editor" if role == "guest_editor" else "editor"
        return int(getattr(quotas, f"{self.workspaces[account[0]].plan}_{seat}"))

    def _role(self, account: Account) -> str:
        gone = "/".join(account) in self.removed or account not in self.roles
        return "nobody" if gone else self.roles[account].role

    def _pooled(self, workspace_id: str) -> bool:
        workspace = self.workspaces[workspace_id]
        return workspace.plan == "free" or workspace.status == "canceled"


def _first(lots: list[NaiveLot]) -> NaiveLot:
    """Whose credit burns next."""
    open_lots = [lot for lot in lots if lot.usable]
    quota = [lot for lot in open_lots if lot.kind == "quota"]
    return min(quota or open_lots, key=lambda lot: (lot.opened_at, lot.lot_id))


def _period(anchor: date, at: datetime) -> tuple[datetime, datetime, bool]:
    """Walk month by month from the anchor until the instant lies inside."""
    origin = datetime(anchor.year, anchor.month, anchor.day, tzinfo=UTC)
    number = -30
    while not origin + relativedelta(months=number) <= at < origin + relativedelta(months=number + 1):
        number += 1
    return origin + relativedelta(months=number), origin + relativedelta(months=number + 1), number == 0
