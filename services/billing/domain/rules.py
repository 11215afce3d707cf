"""The rules a command must pass, each a function, and their order, one table per command (B1 to B6, A1, A2, A4, A5).

The order is part of the answer: who is not allowed learns nothing about the workspace, and money comes last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.price import Catalog, Package, Price, price_of
from services.billing.domain.request import Request, RequestState
from services.billing.domain.verdict import Rule, Verdict, Wait, refuse
from services.billing.domain.workspace import PAYING_PLANS, Member, Workspace
from shared.contracts.currencies import objection as currency_objection
from shared.contracts.reasons import Reason


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known when a command is decided. `at` is the broker's append time: a replay decides the same."""

    workspace_id: str
    actor_id: str
    at: datetime
    workspace: Workspace | None
    members: Mapping[str, Member]
    catalog: Catalog | None = None
    known_versions: frozenset[int] = frozenset()
    package_id: str = ""
    user_ids: tuple[str, ...] = ()
    reviewed: Price | None = None
    request_id: str | None = None
    request: Request | None = None
    own_open_request: Request | None = None

    @property
    def actor(self) -> Member:
        return self.members[self.actor_id]

    @property
    def package(self) -> Package:
        assert self.catalog is not None
        return self.catalog.packages[self.package_id]

    @property
    def price(self) -> Price:
        assert self.catalog is not None
        return price_of(self.package, self.user_ids, self.catalog.version)


def workspace_is_known(facts: Facts) -> Verdict:
    """B2."""
    if facts.workspace is None:
        return Wait(f"workspace {facts.workspace_id}", refuse(Reason.UNKNOWN_WORKSPACE))
    return refuse(Reason.UNKNOWN_WORKSPACE, "This workspace is gone.") if facts.workspace.removed else None


def actor_is_a_member(facts: Facts) -> Verdict:
    """B2."""
    actor = facts.members.get(facts.actor_id)
    if actor is None:
        return Wait(f"member {facts.workspace_id}/{facts.actor_id}", refuse(Reason.UNKNOWN_MEMBER))
    return refuse(Reason.UNKNOWN_MEMBER, f"{facts.actor_id} is no longer a member.") if actor.removed else None


def actor_may_buy(facts: Facts) -> Verdict:
    """B2."""
    return None if facts.actor.may_buy else refuse(Reason.NOT_ALLOWED_TO_BUY, f"The role is {facts.actor.role}.")


def actor_may_refund(facts: Facts) -> Verdict:
    """B11."""
    return None if facts.actor.may_buy else refuse(Reason.NOT_ALLOWED_TO_REFUND, f"The role is {facts.actor.role}.")


def actor_may_decide(facts: Facts) -> Verdict:
    """A4."""
    return None if facts.actor.may_buy else refuse(Reason.NOT_ALLOWED_TO_DECIDE, f"The role is {facts.actor.role}.")


def actor_owns_the_workspace(facts: Facts) -> Verdict:
    """B13: whoever is capped does not lift the cap."""
    role = facts.actor.role
    return None if role == "owner" else refuse(Reason.NOT_THE_OWNER, f"The role is {role}.")


def actor_has_to_ask(facts: Facts) -> Verdict:
    """A1."""
    if facts.actor.may_buy:
        return refuse(Reason.CAN_BUY_DIRECTLY)
    return None if facts.actor.can_edit else refuse(Reason.CANNOT_EDIT)


def plan_is_paid(facts: Facts) -> Verdict:
    """B1."""
    assert facts.workspace is not None
    plan = facts.workspace.plan
    return None if plan in PAYING_PLANS else refuse(Reason.PLAN_NOT_ELIGIBLE, f"The plan is {plan}.")


def workspace_is_active(facts: Facts) -> Verdict:
    """B1."""
    assert facts.workspace is not None
    status = facts.workspace.status
    return None if status == "active" else refuse(Reason.WORKSPACE_NOT_ACTIVE, f"The status is {status}.")


def editors_are_named_once(facts: Facts) -> Verdict:
    """B3."""
    doubled = sorted({user for user in facts.user_ids if facts.user_ids.count(user) > 1})
    return refuse(Reason.DUPLICATE_EDITOR, f"Named twice: {', '.join(doubled[:3])}.") if doubled else None


def editors_can_edit(facts: Facts) -> Verdict:
    """B3. An editor whom the directory has not shown yet is waited for."""
    barred = [user for user in facts.user_ids if user in facts.members and not facts.members[user].can_edit]
    if barred:
        return refuse(Reason.EDITOR_NOT_ELIGIBLE, f"Cannot edit: {', '.join(barred[:3])}.")
    unknown = [user for user in facts.user_ids if user not in facts.members]
    if unknown:
        named = ", ".join(unknown[:3])
        return Wait(
            f"member {facts.workspace_id}/{unknown[0]}", refuse(Reason.EDITOR_NOT_ELIGIBLE, f"Not a member: {named}.")
        )
    return None


def catalog_is_known(facts: Facts) -> Verdict:
    """B5. The edge may have seen a version a moment before us: it is waited for."""
    reviewed = facts.reviewed
    if reviewed is not None and reviewed.catalog_version not in facts.known_versions:
        return Wait(
            f"catalog version {reviewed.catalog_version}",
            refuse(Reason.PRICE_CHANGED, f"Catalog version {reviewed.catalog_version} is not known."),
        )
    return None if facts.catalog is not None else Wait("a catalog", refuse(Reason.NO_CATALOG))


def package_is_for_sale(facts: Facts) -> Verdict:
    """B4."""
    assert facts.catalog is not None
    package = facts.catalog.packages.get(facts.package_id)
    if package is None:
        return refuse(Reason.UNKNOWN_PACKAGE, f"{facts.package_id} is not in version {facts.catalog.version}.")
    return refuse(Reason.PACKAGE_RETIRED) if package.retired else None


def amount_is_chargeable(facts: Facts) -> Verdict:
    """B6: by the processor's own rules about amounts and currencies."""
    price = facts.price
    wrong = currency_objection(price.unit_price_minor, price.currency)
    if wrong is not None:
        return refuse(Reason.AMOUNT_NOT_CHARGEABLE, f"{wrong[0].upper()}{wrong[1:]}.")
    return None if price.chargeable else refuse(Reason.AMOUNT_TOO_LARGE, f"The total would be {price.total_minor}.")


def price_is_as_reviewed(facts: Facts) -> Verdict:
    """B5: any difference at all."""
    if facts.reviewed == facts.price:
        return None
    price = facts.price
    return refuse(
        Reason.PRICE_CHANGED,
        f"It is {price.total_minor} {price.currency} ({len(price.user_ids)} x {price.unit_price_minor}) "
        f"in catalog version {price.catalog_version}.",
    )


def payment_method_is_saved(facts: Facts) -> Verdict:
    """B6."""
    workspace = facts.workspace
    saved = workspace is not None and workspace.customer_id and workspace.payment_method_id
    return None if saved else refuse(Reason.NO_PAYMENT_METHOD)


def request_is_known(facts: Facts) -> Verdict:
    """A4. A request of another workspace is as unknown as one that never was."""
    if facts.request_id is None:
        return None
    return refuse(Reason.UNKNOWN_REQUEST) if facts.request is None else None


def actor_is_the_asker(facts: Facts) -> Verdict:
    """A4."""
    assert facts.request is not None
    return None if facts.request.asker_id == facts.actor_id else refuse(Reason.NOT_THE_ASKER)


def request_is_open(facts: Facts) -> Verdict:
    """A4: being bought names by whom; resolved or past its time says so."""
    request = facts.request
    if request is None:
        return None
    if request.state is RequestState.CLAIMED:
        return refuse(Reason.ALREADY_BEING_BOUGHT, f"{request.buyer_id} is buying it.")
    if request.open_at(facts.at):
        return no_newer_request_is_open(facts)
    if request.lapsed(facts.at):
        return refuse(Reason.REQUEST_NOT_OPEN, "It has expired.")
    return refuse(Reason.REQUEST_NOT_OPEN, f"It is {request.state.value}.")


def no_newer_request_is_open(facts: Facts) -> Verdict:
    """A5: an expired request does not come back beside the one that its asker has made since."""
    newer, request = facts.own_open_request, facts.request
    if newer is None or request is None or newer.request_id == request.request_id:
        return None
    return refuse(Reason.REQUEST_NOT_OPEN, "It has expired, and its asker has asked anew.")


def purchase_fits_request(facts: Facts) -> Verdict:
    """A4."""
    request = facts.request
    if request is None:
        return None
    if request.asker_id not in facts.user_ids:
        return refuse(Reason.REQUEST_MISMATCH, f"The asker {request.asker_id} is not among the editors.")
    if request.package_id != facts.package_id:
        return refuse(Reason.REQUEST_MISMATCH, f"Asked for is {request.package_id}.")
    return None


def no_request_is_open(facts: Facts) -> Verdict:
    """A5."""
    other = facts.own_open_request
    return None if other is None else refuse(Reason.REQUEST_ALREADY_OPEN, f"It is {other.request_id}.")


_KNOWN: tuple[Rule[Facts], ...] = (workspace_is_known, actor_is_a_member)
_ELIGIBLE: tuple[Rule[Facts], ...] = (plan_is_paid, workspace_is_active)
_PRICED: tuple[Rule[Facts], ...] = (
    editors_are_named_once,
    editors_can_edit,
    catalog_is_known,
    package_is_for_sale,
    amount_is_chargeable,
)

QUOTE_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, actor_may_buy, *_ELIGIBLE, *_PRICED, payment_method_is_saved)
PURCHASE_RULES: tuple[Rule[Facts], ...] = (
    *_KNOWN,
    actor_may_buy,
    *_ELIGIBLE,
    *_PRICED,
    price_is_as_reviewed,
    payment_method_is_saved,
    request_is_known,
    request_is_open,
    purchase_fits_request,
)
RETRY_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, actor_may_buy)
REFUND_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, actor_may_refund)
NEW_CHARGE_RULES: tuple[Rule[Facts], ...] = _ELIGIBLE
ASK_RULES: tuple[Rule[Facts], ...] = (
    *_KNOWN,
    actor_has_to_ask,
    *_ELIGIBLE,
    catalog_is_known,
    package_is_for_sale,
    no_request_is_open,
)
CAP_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, actor_owns_the_workspace)
STOP_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, actor_may_buy)
CANCEL_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, request_is_known, actor_is_the_asker, request_is_open)
DECLINE_RULES: tuple[Rule[Facts], ...] = (*_KNOWN, actor_may_decide, request_is_known, request_is_open)
