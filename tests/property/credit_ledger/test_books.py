"""What holds for every history: checked on the real handlers, in memory, against a deliberately naive model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.credit_ledger.domain.lot import Lot, burning_order
from services.credit_ledger.domain.posting import Posting
from shared.contracts.catalog import LEDGER_ACCOUNT, LEDGER_BALANCE
from shared.contracts.credit_ledger import BalanceChanged, BalanceLow, CreditsExhausted
from shared.contracts.holds import HoldCredits
from shared.contracts.message import Message
from shared.contracts.product import UsageReported
from shared.contracts.workspace import Plan
from tests.integration.credit_ledger.ledger import workspace
from tests.property.credit_ledger.memory import Tables
from tests.property.credit_ledger.model import NaiveLedger
from tests.property.credit_ledger.operations import BEGIN, CATALOG, Operation, cuts, doubled, histories, interleaved
from tests.property.credit_ledger.replay import MemoryStore, batches, play

PLANS: tuple[Plan, Plan] = ("free", "pro")
CROSSINGS = (BalanceLow, CreditsExhausted)

thorough = settings(max_examples=80, deadline=None)


@pytest.mark.rule("C1", "C4", "C5", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "C16", "B11", "B12", "B15")
@thorough
@given(histories(), cuts)
def test_every_history_ends_as_the_naive_model_says(history: Sequence[Operation], cuts: Collection[int]) -> None:
    store, model = MemoryStore(), NaiveLedger()
    play(store, history, cuts)
    for operation in history:
        model.take(operation)
    tables = store.tables
    names = {lot.lot_id: _name(account, lot) for account, lot in tables.lots.values()}
    assert {names[lot.lot_id]: lot.remaining for _, lot in tables.lots.values()} == model.left()
    assert {names[lot.lot_id]: lot.left for _, lot in tables.lots.values()} == model.usable()
    debts = {key: row[-1] for key, row in tables.accounts.items() if row[-1]}
    assert debts == {account: debt for account, debt in model.debts.items() if debt}
    assert {key[1]: recall.refusal is None for key, recall in tables.recalls.items()} == model.frozen
    assert {key[2]: "refused" if deed.refusal else "done" for key, deed in tables.deeds.items()} == model.deeds
    usage_of: dict[object, str] = {
        row.transaction_id: f"{row.workspace_id}/{row.usage_id}" for row in tables.usages.values()
    }
    usage_of |= {end.transaction_id: f"hold {end.workspace_id}/{end.hold_id}" for end in tables.ends.values()}
    burned: dict[str, dict[str, int]] = defaultdict(dict)
    for posting in tables.postings.values():
        if posting.credit_contra == "burned" and posting.debit_lot_id:
            burned[usage_of[posting.transaction_id]][names[posting.debit_lot_id]] = posting.credits
    for workspace_id, _, usage_id in tables.reversals:
        burned.pop(f"{workspace_id}/{usage_id}")
    assert burned == model.burned()
    outcomes = {(row.workspace_id, row.usage_id): row.outcome for row in tables.usages.values()}
    states = {(row.workspace_id, row.hold_id): row.state for row in tables.holds.values()}
    assert states == {key: hold.state for key, hold in model.holds.items()}
    held: dict[str, int] = defaultdict(int)
    for posting in tables.postings.values():
        lot_id = posting.debit_lot_id or posting.credit_lot_id
        if lot_id:
            held[names[lot_id]] += _into_held(posting)
    assert {name: credits for name, credits in held.items() if credits} == model.held()
    assert outcomes == {key: "burned" if outcome == "burned" else "refused" for key, outcome in model.outcomes.items()}


@pytest.mark.rule("C11", "B11", "B15")
@pytest.mark.case(7)
@thorough
@given(st.data(), histories(), cuts, cuts)
def test_any_duplication_and_any_cut_of_batches_gives_the_same_books_to_the_byte(
    data: st.DataObject, history: Sequence[Operation], cuts: Collection[int], other_cuts: Collection[int]
) -> None:
    again = data.draw(doubled(history))
    assert play(MemoryStore(), again, other_cuts) == play(MemoryStore(), history, cuts)


@pytest.mark.rule("C11")
@pytest.mark.case(7)
@settings(max_examples=40, deadline=None)
@given(st.data(), histories("acme"))
def test_nothing_is_told_of_an_account_because_something_came_again(
    data: st.DataObject, history: Sequence[Operation]
) -> None:
    # Who pays changes before the end, and everybody is told of what he has.
    end = history[-1].at
    free, paid = (Operation(workspace(plan=plan, version=100 + n), end) for n, plan in enumerate(PLANS))
    told = []
    for whole in ([*history, free, paid], [*data.draw(doubled([*history, free])), paid]):
        store = MemoryStore()
        play(store, whole, range(len(whole)))
        told.append(_told_of_accounts(store))
    assert told[0] == told[1]


@pytest.mark.rule("C15")
@thorough
@given(histories("acme"), cuts)
def test_a_crossing_is_told_once_whatever_the_cut_and_only_where_credits_went_down(
    history: Sequence[Operation], cuts: Collection[int]
) -> None:
    one_by_one, cut = MemoryStore(), MemoryStore()
    play(one_by_one, history, range(len(history)))
    play(cut, history, cuts)
    told = [outgoing.event_id for outgoing in one_by_one.told if isinstance(outgoing.message, CROSSINGS)]
    assert len(told) == len(set(told))
    assert _crossings_by_account(one_by_one) == _crossings_by_account(cut)
    crossed: dict[str, Message] = {}
    for message in (outgoing.message for outgoing in one_by_one.told):
        if isinstance(message, CROSSINGS):
            crossed[message.key()] = message
        elif isinstance(message, BalanceChanged):
            low = crossed.pop(message.key(), None)
            if isinstance(low, CreditsExhausted):
                assert message.usable == 0
            elif isinstance(low, BalanceLow):
                assert 0 < message.usable == low.usable <= low.threshold


def _told_of_accounts(store: MemoryStore) -> list[tuple[UUID | None, dict[str, object]]]:
    """Who asks again is answered again: what an operator's deed did is told under the id that it had."""
    topics = (LEDGER_ACCOUNT, LEDGER_BALANCE)
    told = [(outgoing.event_id, outgoing.message.wire()) for outgoing in store.told if outgoing.topic in topics]
    return [news for place, news in enumerate(told) if news[0] is None or news not in told[:place]]


def _crossings_by_account(store: MemoryStore) -> dict[str, list[UUID | None]]:
    """In the order that is promised: each account's own. A batch tells account by account, whoever was burned first."""
    told: dict[str, list[UUID | None]] = defaultdict(list)
    for outgoing in store.told:
        if isinstance(outgoing.message, CROSSINGS):
            told[outgoing.message.key()].append(outgoing.event_id)
    return told


@pytest.mark.case(7)
@thorough
@given(st.data(), histories("acme"), histories("zeta"), cuts)
def test_any_interleaving_of_workspaces_gives_the_same_books_to_the_byte(
    data: st.DataObject, acme: Sequence[Operation], zeta: Sequence[Operation], cuts: Collection[int]
) -> None:
    mixed = data.draw(interleaved(acme, zeta))
    assert play(MemoryStore(), mixed, cuts) == play(MemoryStore(), [*acme, *zeta])


@pytest.mark.rule("C1", "C2", "C3", "C13", "C14", "B11")
@pytest.mark.case(7, 22)
@thorough
@given(st.data(), histories(), cuts)
def test_in_any_order_no_credit_is_made_lost_moved_or_burned_out_of_turn(
    data: st.DataObject, history: Sequence[Operation], cuts: Collection[int]
) -> None:
    store = MemoryStore()
    store.transact([Operation(CATALOG, BEGIN)])
    shuffled = data.draw(st.permutations(history))
    for batch in batches(shuffled, cuts):
        before = {lot_id: lot.remaining for lot_id, (_, lot) in store.tables.lots.items()}
        store.transact(batch)
        _check_invariants(store.tables)
        if len(batch) == 1:
            _check_burning_order(store.tables, before, batch[0])


def _name(account: tuple[str, str], lot: Lot) -> str:
    if lot.kind == "quota":
        return f"{account} {lot.period_start}"
    return f"grant {lot.grant_id}" if lot.grant_id else str(lot.lot_id)


def _into_held(posting: Posting) -> int:
    return posting.credits * ((posting.credit_contra == "held") - (posting.debit_contra == "held"))


def _check_invariants(tables: Tables) -> None:
    fold: dict[object, int] = defaultdict(int)
    for posting in tables.postings.values():
        fold[posting.debit_contra or posting.debit_lot_id] -= posting.credits
        fold[posting.credit_contra or posting.credit_lot_id] += posting.credits
    assert sum(fold.values()) == 0
    for (workspace_id, user_id), lot in tables.lots.values():
        assert 0 <= lot.remaining == fold[lot.lot_id] <= lot.granted
        purchase = tables.purchases.get((workspace_id, str(lot.purchase_id)))
        if purchase is not None:
            assert (user_id, str(lot.lot_id), lot.granted) in [(x.user_id, x.lot_id, x.credits) for x in purchase.lines]
        assert (purchase is None) == (lot.kind == "quota" or lot.grant_id is not None)
    lapsed = {each.debit_lot_id for each in tables.postings.values() if each.credit_contra == "lapsed"}
    assert all(tables.lots[lot_id][1].kind == "quota" for lot_id in lapsed if lot_id)
    owners = {lot_id: key for lot_id, (key, _) in tables.lots.items()}
    burned: dict[object, int] = defaultdict(int)
    for posting in tables.postings.values():
        if posting.credit_contra == "burned" and posting.debit_lot_id:
            burned[posting.transaction_id] += posting.credits
    for row in tables.usages.values():
        assert burned.pop(row.transaction_id, 0) == (row.credits if row.outcome == "burned" else 0)
        for posting in tables.postings.values():
            if posting.transaction_id == row.transaction_id and posting.debit_lot_id:
                assert owners[posting.debit_lot_id] in [(row.workspace_id, row.user_id), (row.workspace_id, "~pool")]
    ends: dict[object, int] = {end.transaction_id: end.burned for end in tables.ends.values() if end.burned}
    assert burned == ends
    open_holds = {row.transaction_id: row.credits for row in tables.holds.values() if row.state == "held"}
    assert fold["held"] == sum(open_holds.values()) == sum(row[4] for row in tables.accounts.values())
    assert -fold["debt"] == sum(row[7] for row in tables.accounts.values())
    assert fold["taken_back"] == sum(lot.taken for _, lot in tables.lots.values())


def _check_burning_order(tables: Tables, before: dict[UUID, int], operation: Operation) -> None:
    """After a single usage: nothing was taken from a lot while one that goes before it still had credits.

    Quota of a period that had not begun when the usage occurred does not count: in a shuffled log it may be there
    already, and within the hour it is not for what belongs to the period before (C16).
    """
    usage = operation.content
    occurred_at = usage.occurred_at if isinstance(usage, UsageReported) else operation.at
    if not isinstance(usage, UsageReported | HoldCredits):
        return  # what was held keeps its place, whatever came meanwhile; other things than using have no order
    taken = [lot for lot_id, (_, lot) in tables.lots.items() if lot.remaining < before.get(lot_id, lot.granted)]
    lapsed = {each.debit_lot_id for each in tables.postings.values() if each.credit_contra == "lapsed"}
    for lot in taken:
        if lot.lot_id in lapsed:
            continue
        owner = tables.lots[lot.lot_id][0]
        others = [other for key, other in tables.lots.values() if key == owner]
        if sum(other.kind == "quota" and other.remaining > 0 for other in others) > 1:
            continue  # late usage has its own order (C16): that is for the naive model to say
        earlier = [other for other in others if burning_order(other) < burning_order(lot)]
        begun = [other for other in earlier if other.period_start is None or other.period_start <= occurred_at]
        assert not any(other.remaining and not other.frozen for other in begun)
