"""The part of the books that one transaction works on: what it has read under lock, and what it writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.credit_ledger.domain import holding, identity
from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.catalog import Catalogs, Price
from services.credit_ledger.domain.eligibility import CAN_EDIT, Eligibility, Workspace, closed, eligibility, seat
from services.credit_ledger.domain.hold import End, Hold, HoldKey, Wanted
from services.credit_ledger.domain.news import Low
from services.credit_ledger.domain.period import Calendar
from services.credit_ledger.domain.posting import Posting
from services.credit_ledger.domain.usage import Burn, Outcome, Refusal, Usage
from shared.contracts.credit_ledger import POOL
from shared.contracts.reasons import Reason
from shared.contracts.workspace import Role

AccountKey = tuple[str, str]  # workspace, user


class Register(NamedTuple):
    """What the directory last said of some workspaces and members: who is present, and who is gone."""

    workspaces: Mapping[str, Workspace]
    roles: Mapping[AccountKey, Role]
    gone: frozenset[str | AccountKey] = frozenset()


class Missing(NamedTuple):
    """Why a usage cannot be decided. `waiting_for` names what may still come, for people; None when it is gone."""

    reason: Reason
    waiting_for: str | None


class Books:
    """Decides by what stands in it alone: the same books and the same messages give the same postings, to the byte."""

    def __init__(
        self,
        register: Register,
        catalogs: Catalogs,
        accounts: Iterable[Account] = (),
    ) -> None:
        self.workspaces, self.roles, self.gone = register
        self.catalogs = catalogs
        self.accounts: dict[AccountKey, Account] = {account.key: account for account in accounts}
        self.postings: list[Posting] = []
        self.ends: list[End] = []
        self._calendars = {name: Calendar(workspace.cycle_anchor) for name, workspace in self.workspaces.items()}
        self._eligibility: dict[AccountKey, Eligibility] = {}
        self._fitted: set[AccountKey] = set()

    def missing(self, workspace_id: str, user_id: str) -> Missing | None:
        """What of the directory or the catalog a usage lacks to be decided. What was removed is not waited for."""
        member = (workspace_id, user_id)
        if workspace_id not in self.workspaces:
            return Missing(Reason.UNKNOWN_WORKSPACE, None if workspace_id in self.gone else f"workspace {workspace_id}")
        if member not in self.roles:
            return Missing(Reason.UNKNOWN_MEMBER, None if member in self.gone else f"member {workspace_id}/{user_id}")
        if not self.catalogs:
            return Missing(Reason.NO_CATALOG, "a catalog")
        return None

    def payer(self, workspace_id: str, user_id: str) -> AccountKey | None:
        """The account that pays for the usage of a known user: the pool on Free, else his own; None if he may use
        nothing (C5)."""
        workspace = self.workspaces.get(workspace_id)
        if workspace is None or self.roles.get((workspace_id, user_id)) not in CAN_EDIT:
            return None
        return workspace_id, POOL if workspace.pooled else user_id

    def may(self, key: AccountKey) -> Eligibility:
        """What of an account may be used."""
        known = self._eligibility.get(key)
        if known is None:
            known = self._eligibility[key] = eligibility(key[1], self.workspaces.get(key[0]), self.roles.get(key))
        return known

    def decide(self, workspace_id: str, source: str, usage_id: str, usage: Usage, at: datetime) -> Outcome:
        """Burn or refuse a usage of which nothing is missing. `at` is when the broker appended it."""
        price = self._price(usage)
        if isinstance(price, Reason):
            return Refusal(price)
        payer = self.payer(workspace_id, usage.user_id)
        if payer is None:
            return Refusal(Reason.CANNOT_EDIT, price.credits, 0, price.catalog_version)
        account = self.accounts[payer]
        self.bring(account, at)
        transaction_id = identity.burn(workspace_id, source, usage_id)
        may, occurred_at = self.may(payer), usage.occurred_at
        # While quota of the period before is still there, what is burned need not be of what is usable now.
        before = None if account.late_until is None else account.usable(may)
        if account.burn(transaction_id, price.credits, may, at, occurred_at, self.postings):
            after = account.usable(may)
            self._look(account, after + price.credits if before is None else before, after)
            return Burn(transaction_id, price.credits, price.catalog_version)
        return self._short(price, account.available(may, at, occurred_at), (workspace_id, usage.user_id))

    def hold(self, key: HoldKey, wanted: Wanted, at: datetime) -> Hold | Refusal:
        """Hold or refuse (C9), as `decide` does with usage."""
        price = self._price(Usage(wanted.user_id, at, wanted.credits, wanted.action, wanted.quantity))
        if isinstance(price, Reason):
            return Refusal(price)
        payer = self.payer(key[0], wanted.user_id)
        if payer is None:
            return Refusal(Reason.CANNOT_EDIT, price.credits, 0, price.catalog_version)
        account = self.accounts[payer]
        self.bring(account, at)
        before = account.usable(self.may(payer))
        placed = holding.place(account, key, wanted, price, self.may(payer), at)
        if placed is None:
            return self._short(price, account.available(self.may(payer), at, at), (key[0], wanted.user_id))
        self.postings.extend(placed[1])
        self._look(account, before, account.usable(self.may(payer)))
        return placed[0]

    def capture(self, hold: Hold, credits: int | None, quantity: int | None, at: datetime) -> End | Refusal:
        """Burn so much of a hold that was not captured or released (C9). Who may use what now does not matter: the
        credits were taken when it was placed."""
        wanted = self.captured(hold, credits, quantity)
        if isinstance(wanted, Reason):
            return Refusal(wanted, 0, hold.credits)
        if wanted > hold.credits:
            return Refusal(Reason.CAPTURE_EXCEEDS_HOLD, wanted, hold.credits)
        if hold.expires_at <= at:
            return Refusal(Reason.HOLD_EXPIRED, wanted, 0)
        account = self.accounts[hold.account]
        if hold.state == "held":
            end = holding.end(account, hold, "captured", wanted, at, self.postings)
        else:
            late = holding.capture_late(account, hold, wanted, at, self.postings)
            if late is None:
                return Refusal(Reason.HOLD_EXPIRED, wanted, 0)
            end = late
        self.ends.append(end)
        return end

    def release(self, hold: Hold, at: datetime) -> End | Refusal:
        """Give back a hold that was not captured or released (C9)."""
        if hold.expires_at <= at:
            return Refusal(Reason.HOLD_EXPIRED)
        account = self.accounts[hold.account]
        if hold.state == "held":
            end = holding.end(account, hold, "released", 0, at, self.postings)
        else:
            end = holding.release_late(account, hold, at)
        self.ends.append(end)
        return end

    def expire(self, account: Account, at: datetime) -> None:
        """End the account's holds that are over at an instant, of those that were read."""
        due = [hold for hold in account.holds if hold.state == "held" and hold.expires_at <= at]
        for hold in sorted(due, key=lambda hold: (hold.expires_at, hold.key)):
            self.ends.append(holding.end(account, hold, "expired", 0, at, self.postings))

    def bring(self, account: Account, at: datetime) -> None:
        """Bring the account to an instant: into its period, and its holds that are over to their end."""
        self.turn(account, at)
        if account.holds:
            self.expire(account, at)

    def unfit(self) -> set[UUID]:
        """The lots of the accounts whose quota is to be resized (C8): to be read before anything is decided, for they
        may have no credits left. Some do not exist."""
        unfit = [account for account in self.accounts.values() if not self._fits(account)]
        return {account.quota_lot_id for account in unfit if account.quota_lot_id is not None}

    def turn(self, account: Account, at: datetime) -> None:
        """Bring the account into the period of an instant, and its quota to what its seat gives there; does nothing
        when all is so (C7, C8, C16)."""
        workspace = self.workspaces.get(account.workspace_id)
        held = seat(account.user_id, workspace, self.roles.get(account.key))
        if held is None or account.late_until is not None:
            account.lapse_ended(at, self.postings)
        if workspace is None or held is None:
            self._fit(account, at)
            return
        period = self._calendars[account.workspace_id].period_at(at)
        if account.period_start is not None and period.start <= account.period_start:
            self._fit(account, at)
            return
        first = account.period_start is None and period.number == 0
        quota = self.catalogs.quota(held, period.start, first=first)
        account.turn(period, quota, at, self.postings)

    def next_look(self, account: Account, at: datetime) -> datetime | None:
        """When time changes an account next, after an instant to which it was brought; None when nothing is to come."""
        workspace = self.workspaces.get(account.workspace_id)
        held = seat(account.user_id, workspace, self.roles.get(account.key))
        if held is None or account.late_until is not None:
            return account.next_lapse
        return self._calendars[account.workspace_id].period_at(at).end

    def changed(self) -> list[Account]:
        """The accounts to which anything happened."""
        return [account for account in self.accounts.values() if account.changed]

    def _fit(self, account: Account, at: datetime) -> None:
        """Resize its quota where plan or seat have changed inside the period. Looked at once: both are locked."""
        if account.key in self._fitted:
            return
        self._fitted.add(account.key)
        if not self._fits(account):
            account.resize(self._given(account), at, self.postings)

    def _fits(self, account: Account) -> bool:
        """Whether the quota of its period is what it should be. A seat that is lost, but for the plan, changes nothing:
        nobody uses it meanwhile (C5)."""
        workspace = self.workspaces.get(account.workspace_id)
        if workspace is None or account.period_start is None:
            return True
        if closed(account.user_id, workspace):
            return account.quota == 0
        if account.user_id == POOL:
            return account.quota > 0
        return self._given(account) in (None, account.quota)

    def _given(self, account: Account) -> int | None:
        """The quota that the seat gives in its period; None where that is what was granted before."""
        workspace = self.workspaces[account.workspace_id]
        if closed(account.user_id, workspace):
            return 0
        held = seat(account.user_id, workspace, self.roles.get(account.key))
        if held is None or held == "free" or account.period_start is None:
            return None
        return self.catalogs.quota(held, account.period_start, first=False)

    def _price(self, usage: Usage) -> Price | Reason:
        if usage.action is None or usage.quantity is None:
            assert usage.credits is not None, "the contract asks for credits, or action and quantity"
            return Price(usage.credits, None)
        return self.catalogs.price(usage.action, usage.quantity, usage.occurred_at)

    def _look(self, account: Account, before: int, after: int) -> None:
        """Whether this movement has crossed a border (C15): nothing is remembered, so that it is armed again as soon as
        the balance has recovered, by whatever."""
        if after == before:
            return
        quota = account.quota
        threshold = self.catalogs.low_balance(quota, account.period_start) if account.period_start else 0
        if after == 0 or after <= threshold < before:
            account.news.append(Low(account.version, after, threshold, quota, account.held))

    def captured(self, hold: Hold, credits: int | None, quantity: int | None) -> int | Reason:
        """What a capture costs: as stated, or by the price that was kept with the hold (C17)."""
        if quantity is None:
            assert credits is not None, "the contract asks for credits or quantity"
            return credits
        if hold.wanted.action is None or hold.catalog_version is None:
            return Reason.UNKNOWN_ACTION
        price = self.catalogs.price_of(hold.catalog_version, hold.wanted.action, quantity)
        return price if isinstance(price, Reason) else price.credits

    def _short(self, price: Price, available: int, own: AccountKey) -> Refusal:
        """Short of credits; if the user's own paused ones would have covered it, that is the better reason."""
        paused = 0
        if self.may(own).paused_by is not None and own in self.accounts:
            paused = self.accounts[own].remaining("top_up")
        covered = paused > 0 and available + paused >= price.credits
        reason = Reason.CREDITS_PAUSED if covered else Reason.INSUFFICIENT_CREDITS
        return Refusal(reason, price.credits, available, price.catalog_version)
