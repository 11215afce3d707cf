"""Who may do what with which table, written by hand from what each table is for. A table without a line is a fault.

`select insert update(a b) delete`; an empty field is nothing. What is not said here: a service's migrator owns its
schema and all in it, so it may do everything there; nobody but a table's own worker, its migrator and the auditor may
do anything.
"""

from __future__ import annotations

from dataclasses import dataclass

# The runtime's tables, in each of the three schemas. The auditor reads the books of two services, and nothing of
# notification, which knows people.
ROAD = """
table        | its worker
offsets      | select insert update(next_offset)
inbox        | select insert
outbox       | select insert delete
parked       | select insert update(waiting_for) delete
quarantine   | select insert
relay_lease  | select update(sending_since)
timers       | select insert update(attempts due_at lease_token leased_until reason state) delete
migrations   | select
"""

# What was said about an account is said anew, and the clock moves where it stands.
AUTO_TOP_UPS = (
    "actor_id cause_id cause_source correlation_id credited_version currency declines held_back_for is_on"
    " monthly_cap_minor not_before noted_attempt package_id purchase_id purchases set_at threshold_credits traceparent"
)

# How far a comparison has come.
RUN = "disputes finished_at not_looked_at ours payments place progress_at refunds stage"
# What a second look at a difference says counts.
DOUBTS = "currency kind ours ours_minor purchase_id refund_id state theirs theirs_minor workspace_id"

BILLING = f"""
table               | its worker
workspaces          | select insert update(customer_id payment_method_id plan removed status version)
members             | select insert update(removed role version)
catalogs            | select insert
packages            | select insert
requests            | select insert update(purchase_id state)
refused_requests    | select insert
purchases           | select insert update(credited_at paid_at reason state)
purchase_lines      | select insert
refused_purchases   | select insert
payments            | select insert update(attempt authenticate_url charge_id payment_intent_id return_url state tries)
payment_attempts    | select insert update(decline_code first_tried_at method_checked reason)
spending_caps       | select insert
refunds             | select insert update(first_tried_at processor_refund_id reason state step tries)
refund_lines        | select insert update(failed)
refund_proposals    | select insert
refused_refunds     | select insert
disputes            | select insert update(reinstated state step withdrawn)
dispute_lines       | select insert
mirrored_refunds    | select insert update(content_hash note operator_id state step)
mirrored_refund_lines | select insert update(failed)
balances            | select insert update(usable version)
auto_top_ups        | select insert update({AUTO_TOP_UPS})
auto_purchases      | select insert
reconciliations     | select insert update({RUN})
reconciliation_shown | select insert delete
reconciliation_doubts | select insert update({DOUBTS})
parked_reviews      | select insert update(refused_for shown tries)
processor_payments  | select insert update(payment_method_id status)
processor_listing   | select insert update(listed_until server_started_at written_by)
stripe_events       | select insert
transitions         | select
"""

# Postings, usages, purchases and grants are the ledger's entries: written once, never changed, never deleted (C14).
CREDIT_LEDGER = """
table               | its worker
workspaces          | select insert update(cycle_anchor plan removed status version)
members             | select insert update(removed role version)
catalogs            | select insert
action_prices       | select insert
accounts            | select insert update(debt held holds_until late_until period_end period_start quota version)
lots                | select insert update(frozen granted owed remaining settled taken withdrawn withheld)
postings            | select insert
entries             | select
grants              | select insert
purchases           | select insert
usages              | select insert
holds               | select insert update(state)
hold_ends           | select insert
usage_reversals     | select insert
quota_resizes       | select insert
purchase_conflicts  | select insert
recalls             | select insert
recall_lines        | select insert update(state step)
recall_steps        | select insert
operator_deeds      | select insert
operator_days       | select insert update(credits)
"""

NOTIFICATION = """
table       | its worker
workspaces  | select insert update(name removed version)
members     | select insert update(removed role version)
contacts    | select insert update(email language name version)
requests    | select insert update(facts resolved_at)
purchases   | select insert update(credited_at debts paid_at paid_event_id paid_facts paid_source)
notices     | select insert update(handled_at settled_at state)
emails      | select insert update(attempts ended_at failure state)
digests     | select insert update(closed_at)
recalls     | select insert
preferences | select insert update(by_email)
unsubscribe_tokens | select insert
"""

SERVICES = {"billing": BILLING, "credit_ledger": CREDIT_LEDGER, "notification": NOTIFICATION}
SEES_OF_THE_BOOKS = {"billing": "select", "credit_ledger": "select", "notification": ""}
EVERYTHING = "select insert update delete truncate"
VIEWS = {"credit_ledger.entries"}  # what it shows cannot be written through it, by nobody

Rights = dict[str, str]
"""By `schema.table`, the rights in the words above."""


@dataclass(frozen=True)
class Role:
    """One login of the matrix. `service` is the schema that it belongs to, if any."""

    name: str
    kind: str
    service: str | None = None


ROLES = (
    *(Role(f"{service}_migrator", "migrator", service) for service in SERVICES),
    *(Role(f"{service}_worker", "worker", service) for service in SERVICES),
    Role("auditor", "auditor"),
    Role("stranger", "stranger"),
)


def tables() -> dict[str, Rights]:
    """By schema: each table with its worker's rights."""
    return {schema: {**_lines(ROAD), **_lines(own)} for schema, own in SERVICES.items()}


def of(role: Role) -> Rights:
    """Everything that the role may do, with a line for each table that it may do nothing with."""
    return {
        f"{schema}.{table}": _right(role, schema, f"{schema}.{table}", workers)
        for schema, lines in tables().items()
        for table, workers in lines.items()
    }


def _right(role: Role, schema: str, table: str, workers: str) -> str:
    if role.kind == "auditor":
        return SEES_OF_THE_BOOKS[schema]
    if role.service != schema:
        return ""
    if role.kind == "migrator":
        return "select" if table in VIEWS else EVERYTHING
    return workers


def _lines(table: str) -> Rights:
    _, *lines = table.strip().splitlines()
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return {name: rights for name, rights in cells}  # noqa: C416 - dict() of lists has no type
