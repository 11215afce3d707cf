"""Changes of workspaces and members as they come, and what each does to the accounts it touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.credit_ledger.domain.account import Account
from services.credit_ledger.domain.books import AccountKey, Register
from services.credit_ledger.domain.eligibility import Eligibility, Workspace, closed, eligibility, seat
from shared.contracts.credit_ledger import POOL
from shared.contracts.workspace import Role


@dataclass(slots=True)
class WorkspaceEntry:
    """A workspace's row. `workspace` is None, and the version 0, while only a purchase or a tombstone has named it."""

    workspace: Workspace | None = None
    version: int = 0
    removed: bool = False

    @property
    def present(self) -> Workspace | None:
        """The workspace unless it is unknown or gone."""
        return None if self.removed else self.workspace


@dataclass(slots=True)
class MemberEntry:
    """A member's row. `role` is None, and the version 0, when all that was ever seen of him is that he is gone."""

    role: Role | None
    version: int
    removed: bool = False

    @property
    def present(self) -> Role | None:
        """The role unless the member has left."""
        return None if self.removed else self.role


class Directory:
    """A working copy under the workspaces' locks. A higher version wins. A tombstone keeps the last version seen, 0
    when there was none: only a higher one brings back what was removed."""

    def __init__(
        self,
        workspaces: dict[str, WorkspaceEntry],
        members: dict[AccountKey, MemberEntry],
        accounts: Iterable[Account],
    ) -> None:
        self.workspaces = workspaces
        self.members = members
        # A row that nothing has happened to is no account: it was made to be locked, before it was known that what came
        # had been decided already. What came again leaves no trace, so nobody is told of it.
        self.accounts = {account.key: account for account in accounts if account.version}
        self.changed_workspaces: set[str] = set()
        self.changed_members: set[AccountKey] = set()
        self.due: dict[AccountKey, datetime] = {}  # seats that are new or closed: their quota is to be looked at
        self._members_of: dict[str, set[str]] = {}
        for workspace_id, user_id in members:
            self._members_of.setdefault(workspace_id, set()).add(user_id)
        for workspace_id, user_id in self.accounts:
            self._members_of.setdefault(workspace_id, set()).add(user_id)

    def change_workspace(self, workspace: Workspace, version: int, at: datetime) -> list[AccountKey]:
        """A workspace, whole, as it is from now on. Returns, as its sisters do, the accounts that it switched."""
        entry = self.workspaces.get(workspace.workspace_id, WorkspaceEntry())
        if version > entry.version:
            return self._replace_workspace(workspace.workspace_id, WorkspaceEntry(workspace, version), at)
        return []

    def remove_workspace(self, workspace_id: str, at: datetime) -> list[AccountKey]:
        """A tombstone: it is gone. Its books stay."""
        entry = self.workspaces.get(workspace_id, WorkspaceEntry())
        if entry.removed:
            return []
        return self._replace_workspace(workspace_id, WorkspaceEntry(entry.workspace, entry.version, removed=True), at)

    def change_member(self, key: AccountKey, role: Role, version: int, at: datetime) -> list[AccountKey]:
        """A member as he is from now on."""
        entry = self.members.get(key)
        if entry is None or version > entry.version:
            return self._replace_member(key, MemberEntry(role, version), at)
        return []

    def remove_member(self, key: AccountKey, at: datetime) -> list[AccountKey]:
        """A tombstone: he is no longer a member. His account stays (C3), and is his again if he returns."""
        entry = self.members.get(key, MemberEntry(None, 0))
        if entry.removed:
            return []
        return self._replace_member(key, MemberEntry(entry.role, entry.version, removed=True), at)

    def role(self, key: AccountKey) -> Role | None:
        """The role of a present member."""
        entry = self.members.get(key)
        return entry.present if entry else None

    def may(self, key: AccountKey) -> Eligibility:
        """What of an account may be used as things stand now."""
        return eligibility(key[1], self._workspace(key[0]), self.role(key))

    def _workspace(self, workspace_id: str) -> Workspace | None:
        return self.workspaces.get(workspace_id, WorkspaceEntry()).present

    def _replace_workspace(self, workspace_id: str, entry: WorkspaceEntry, at: datetime) -> list[AccountKey]:
        before = self._workspace(workspace_id)
        self.workspaces[workspace_id] = entry
        self.changed_workspaces.add(workspace_id)
        keys = [(workspace_id, user_id) for user_id in sorted(self._members_of.get(workspace_id, set()) | {POOL})]
        return [key for key in keys if self._switch(key, (before, self.role(key)), at)]

    def _replace_member(self, key: AccountKey, entry: MemberEntry, at: datetime) -> list[AccountKey]:
        before = self.role(key)
        self.members[key] = entry
        self.changed_members.add(key)
        self._members_of.setdefault(key[0], set()).add(key[1])
        return [key] if self._switch(key, (self._workspace(key[0]), before), at) else []

    def _switch(self, key: AccountKey, before: tuple[Workspace | None, Role | None], at: datetime) -> bool:
        """Tell the account, if there is one, what has changed for it; returns whether that concerned it."""
        now = (self._workspace(key[0]), self.role(key))
        held = seat(key[1], *now)
        if held is not None and (held, _anchor(now[0])) != (seat(key[1], *before), _anchor(before[0])):
            self.due[key] = at
        if key in self.accounts and _closed(key, now[0]) and not _closed(key, before[0]):
            self.due[key] = at
        return key in self.accounts and self.accounts[key].switch(eligibility(key[1], *before), self.may(key), at)


def _closed(key: AccountKey, workspace: Workspace | None) -> bool:
    return workspace is not None and closed(key[1], workspace)


def _anchor(workspace: Workspace | None) -> date | None:
    return workspace.cycle_anchor if workspace else None


def register(workspaces: Mapping[str, WorkspaceEntry], members: Mapping[AccountKey, MemberEntry]) -> Register:
    """These rows as decisions ask for them."""
    return Register(
        {name: entry.present for name, entry in workspaces.items() if entry.present is not None},
        {key: entry.present for key, entry in members.items() if entry.present is not None},
        frozenset(
            [
                *(name for name, entry in workspaces.items() if entry.removed),
                *(key for key, entry in members.items() if entry.removed),
            ]
        ),
    )
