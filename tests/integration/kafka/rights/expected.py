"""Who may do what with which topic, written by hand from what each topic is for. A topic without a line is a fault.

`w` may write, `r` may read, nothing else is allowed to anybody: whoever has no `w` or `r` may not even see the topic,
and nobody may create, alter or delete one. Products write usage and holds, and read answers and balances; only the
edge writes prices and commands, only operators theirs; only notification reads contacts; each service writes its own
events and its own dead letters, and all of them their figures on one topic.
"""

from __future__ import annotations

from typing import Literal

Deed = Literal["create", "write", "read", "alter", "delete"]
DEEDS_ON_WHAT_IS_THERE: tuple[Deed, ...] = ("write", "read", "alter", "delete")
DEEDS: tuple[Deed, ...] = ("create", *DEEDS_ON_WHAT_IS_THERE)
LETTERS: dict[str, Deed] = {"r": "read", "w": "write"}

TABLE = """
topic                              | upstream | products | edge | operator | billing | credit-ledger | notification
workspace.directory.v1             | w        |          |      |          | r       | r             | r
workspace.contact.v1               | w        |          |      |          |         |               | r
billing.top-up.commands.v1         |          |          | w    |          | r       |               |
billing.operator.commands.v1       |          |          |      | w        | r       |               |
billing.top-up.v1                  |          |          | r    | r        | w       | r             | r
billing.reconciliation.v1          |          |          | r    | r        | w       |               |
billing.catalog.v1                 |          |          | w r  |          | r       | r             |
product.usage.v1                   |          | w        |      |          |         | r             |
credit-ledger.hold.commands.v1     |          | w        |      |          |         | r             |
credit-ledger.operator.commands.v1 |          |          |      | w        |         | r             |
credit-ledger.answers.v1           |          | r        | r    | r        |         | w             |
credit-ledger.purchase.v1          |          |          | r    | r        | r       | w             | r
credit-ledger.account.v1           |          |          | r    | r        |         | w             | r
credit-ledger.balance.v1           |          | r        | r    | r        | r       | w             |
notification.commands.v1           |          |          | w    |          |         |               | r
notification.delivery.v1           |          |          | r    |          |         |               | w
ops.metrics.v1                     |          |          | r    |          | w       | w             | w
billing.dead-letter.v1             |          |          | r    |          | w       |               |
credit-ledger.dead-letter.v1       |          |          | r    |          |         | w             |
notification.dead-letter.v1        |          |          | r    |          |         |               | w
ops.audit.v1                       |          |          | r    | w r      |         |               |
"""

_HEAD, *_LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
PARTIES = tuple(_HEAD[1:])
TOPICS = tuple(line[0] for line in _LINES)

# Upstream reads nothing, so it joins no group.
GROUP_OWNERS = ("products", "edge", "operator", "billing", "credit-ledger", "notification")


def allowed(party: str) -> set[tuple[str, Deed]]:
    """What the table says of a party: topic and deed."""
    column = PARTIES.index(party) + 1
    return {(line[0], LETTERS[letter]) for line in _LINES for letter in line[column].split()}
