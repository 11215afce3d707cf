"""A paid purchase: all its lines are credited in one transaction, or none; once per purchase id (B8, C11)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

import structlog

from services.credit_ledger.domain import identity
from services.credit_ledger.domain.books import AccountKey, Books
from services.credit_ledger.domain.catalog import Catalogs
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.handlers.announcements import announce
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.repository.purchases import Credited, GrantedLine
from shared.contracts.catalog import LEDGER_PURCHASE
from shared.contracts.credit_ledger import CreditedLine, PurchaseCredited
from shared.contracts.top_up_events import PurchasePaid
from shared.messaging.ids import derive
from shared.messaging.work import Cause, Effect, Outgoing, Received, Work

Run = Sequence[Received[PurchasePaid]]

log = structlog.get_logger()


def credit_purchase(run: Run, work: Work[LedgerRepository]) -> list[Effect]:
    """Credit every line. A paid grant is never refused: at most it is paused, as it is for an unknown workspace."""
    repository = work.repository
    books = _open(run, repository)
    credited = repository.purchases.credited([_key(received.message) for received in run])
    taken = repository.purchases.taken_lots({line.lot_id for received in run for line in received.message.lines})
    new: list[Credited] = []
    effects: list[Effect] = []
    causes: dict[AccountKey, Cause] = {}
    for received in run:
        message = received.message
        earlier = credited.get(_key(message))
        if earlier is None and _is_whole(message, taken):
            earlier = credited[_key(message)] = _credit(received, books)
            new.append(earlier)
            taken.update(line.lot_id for line in message.lines)
            causes.update(((message.workspace_id, line.user_id), received.cause) for line in message.lines)
        if earlier is None or not _says_the_same(message, earlier):
            _report(received, repository)
            continue
        effects.append(_answer(earlier, received.cause))
    changed = books.changed()
    repository.purchases.write(new)
    repository.accounts.write(changed, books.postings)
    for account in changed:
        effects.extend(announce(account, books.may(account.key), causes[account.key]))
    return effects


def _open(run: Run, repository: LedgerRepository) -> Books:
    editors = {(received.message.workspace_id, line.user_id) for received in run for line in received.message.lines}
    repository.directory.name_workspaces({workspace_id for workspace_id, _ in editors})
    register = repository.directory.share(editors)
    repository.accounts.ensure(editors)
    return Books(register, Catalogs(()), repository.accounts.lock(editors))


def _credit(received: Received[PurchasePaid], books: Books) -> Credited:
    message, at = received.message, received.appended_at
    transaction_id = identity.purchase(*_key(message))
    lines: list[GrantedLine] = []
    for number, line in enumerate(message.lines):
        key = (message.workspace_id, line.user_id)
        lot = Lot(UUID(line.lot_id), "top_up", line.credits, line.credits, at, purchase_id=UUID(message.purchase_id))
        account = books.accounts[key]
        ordinals = (number, len(message.lines) + number)
        settled = account.credit(lot, transaction_id, ordinals, at, books.postings)
        usable = books.may(key).paused_by is None
        lines.append(GrantedLine(line.user_id, line.lot_id, line.credits, usable, account.version, settled or None))
    return Credited(message.workspace_id, message.purchase_id, message.buyer_id, at, tuple(lines))


def _is_whole(message: PurchasePaid, taken: Iterable[str]) -> bool:
    """One lot per user, and none that another purchase has already opened."""
    users = {line.user_id for line in message.lines}
    lots = {line.lot_id for line in message.lines}
    return len(users) == len(lots) == len(message.lines) and lots.isdisjoint(taken)


def _says_the_same(message: PurchasePaid, credited: Credited) -> bool:
    stated = {(line.user_id, line.lot_id, line.credits) for line in message.lines}
    return message.buyer_id == credited.buyer_id and stated == {
        (line.user_id, line.lot_id, line.credits) for line in credited.lines
    }


def _report(received: Received[PurchasePaid], repository: LedgerRepository) -> None:
    """Billing contradicts itself: what was credited first stands, and a person must look. The stream goes on."""
    message = received.message
    event = (received.cause.source, received.cause.id)
    repository.purchases.keep_conflict(_key(message), event, message.wire(), received.appended_at)
    log.error(
        "purchase_contradicts_the_books",
        workspace_id=message.workspace_id,
        purchase_id=message.purchase_id,
        event_id=received.cause.id,
    )


def _answer(credited: Credited, cause: Cause) -> Outgoing:
    message = PurchaseCredited(
        workspace_id=credited.workspace_id,
        purchase_id=credited.purchase_id,
        buyer_id=credited.buyer_id,
        lines=tuple(
            CreditedLine(
                user_id=line.user_id,
                lot_id=line.lot_id,
                credits=line.credits,
                usable=line.usable,
                balance_version=line.balance_version,
                debt_settled=line.debt_settled,
            )
            for line in credited.lines
        ),
        credited_at=credited.credited_at,
    )
    return Outgoing(LEDGER_PURCHASE, message, cause, derive("purchase-credited", *credited.key))


def _key(message: PurchasePaid) -> tuple[str, str]:
    return message.workspace_id, message.purchase_id
