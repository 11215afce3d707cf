"""Comparisons and parked payments on a real broker, somebody else playing billing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from services.cli.commands.reconciling import instant_of
from services.cli.outcome import Exit, Problem
from shared.contracts.catalog import BILLING_OPERATOR_COMMANDS, BILLING_RECONCILIATION, TOP_UP
from shared.contracts.documents.example_names import PURCHASE_ID, RECONCILIATION_ID, REVIEW_ID
from shared.contracts.documents.examples import EXAMPLES
from shared.contracts.reconciliation import (
    FINDING_REMEDIES,
    FindingKind,
    ListParkedPayments,
    ParkedPaymentReviewed,
    ParkedPaymentsListed,
    ReconcilePayments,
    ReconciliationFinished,
    ReconciliationRefused,
    ReviewParkedPayment,
)
from shared.contracts.top_up_events import CommandRefused
from tests.integration.cli.conftest import Billing, Refill
from tests.integration.cli.test_commands import with_answers

Play = Callable[..., Billing]
OPERATORS = (BILLING_OPERATOR_COMMANDS,)
NOTHING = {"healed": (), "healed_total": 0, "findings": (), "findings_total": 0}


@pytest.mark.rule("B10")
def test_what_was_compared_healed_and_found_is_shown_and_a_finding_exits_with_1(refill: Refill, billing: Play) -> None:
    playing = billing(with_answers((BILLING_RECONCILIATION, ReconciliationFinished)), OPERATORS)
    ended = refill("reconcile", "--since", "2026-01-30T12:00:00Z", "--as", "opal", "--id", RECONCILIATION_ID)
    assert ended.code == Exit.REFUSED, ended
    for said in ("1,204", "healed", "payment differs", "0.98 EUR", FINDING_REMEDIES[FindingKind.PAYMENT_DIFFERS]):
        assert said in ended.out
    assert playing.commands == [EXAMPLES[ReconcilePayments]]


@pytest.mark.rule("B10")
def test_that_nothing_differs_is_said_and_exits_with_0(refill: Refill, billing: Play) -> None:
    billing(with_answers((BILLING_RECONCILIATION, ReconciliationFinished), **NOTHING), OPERATORS)
    ended = refill("reconcile")
    assert (ended.code, "Nothing differs." in ended.out) == (Exit.DONE, True), ended
    ended = refill("reconcile", "--json")
    assert [each["data"]["findings_total"] for each in ended.documents] == [0]


@pytest.mark.rule("B10")
def test_what_is_no_window_is_a_refusal_or_a_usage_error(refill: Refill, billing: Play) -> None:
    billing(with_answers((BILLING_RECONCILIATION, ReconciliationRefused)), OPERATORS)
    assert refill("reconcile", "--since", "400d").code == Exit.REFUSED
    assert refill("reconcile", "--since", "yesterday").code == Exit.USAGE


def test_an_instant_a_day_and_a_span_are_understood() -> None:
    now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert instant_of("36h", now) == now - timedelta(hours=36)
    assert instant_of("14d", now) == now - timedelta(days=14)
    assert instant_of("2026-01-31", now) == datetime(2026, 1, 31, tzinfo=UTC)
    assert instant_of("2026-01-31T12:00:00Z", now) == datetime(2026, 1, 31, 12, tzinfo=UTC)
    for bad in ("", "d", "99999999999d", "31.1.2026"):
        with pytest.raises(Problem):
            instant_of(bad, now)


@pytest.mark.rule("B10")
def test_parked_payments_are_listed_looked_up_and_ended(refill: Refill, billing: Play) -> None:
    listing = billing(with_answers((BILLING_RECONCILIATION, ParkedPaymentsListed)), OPERATORS)
    ended = refill("parked", "list", "--as", "opal")
    assert (ended.code, PURCHASE_ID in ended.out, "2026-01-31 11:00Z" in ended.out) == (Exit.DONE, True, True), ended
    assert [type(command) for command in listing.commands] == [ListParkedPayments]


@pytest.mark.rule("B10")
def test_ending_a_parked_payment_says_what_became_of_it_or_why_not(refill: Refill, billing: Play) -> None:
    words = ("acme", PURCHASE_ID, "--as", "opal", "--id", REVIEW_ID, "--reason")
    why = "Ticket 4715: Stripe's support found nothing either."
    playing = billing(with_answers((BILLING_RECONCILIATION, ParkedPaymentReviewed)), OPERATORS)
    ended = refill("parked", "end", *words, why)
    assert (ended.code, "is cancelled; the processor shows nothing" in ended.out) == (Exit.DONE, True), ended
    assert refill("parked", "look", *words, why).code == Exit.DONE
    example = EXAMPLES[ReviewParkedPayment]
    assert playing.commands == [example, example.model_copy(update={"deed": "look_up"})]


@pytest.mark.rule("B10")
def test_a_refused_end_exits_with_1(refill: Refill, billing: Play) -> None:
    billing(with_answers((TOP_UP, CommandRefused)), OPERATORS)
    assert refill("parked", "end", "acme", PURCHASE_ID, "--reason", "x").code == Exit.REFUSED
