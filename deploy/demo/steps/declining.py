"""Step 5: a declined card, another method on the same payment; a card that needs authentication (B9)."""

from __future__ import annotations

import http
import time
import urllib.error
import urllib.request

from deploy.demo.stage import WORKSPACE, Stage
from shared.contracts.credit_ledger import PurchaseCredited
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import RetryPurchase
from shared.contracts.top_up_events import PurchaseActionRequired, PurchaseDeclined, PurchasePaid

PAGE_LOADS, PAUSE_S = 20, 0.5


def play(stage: Stage) -> None:
    """Two cards that do not simply pay."""
    stage.narrator.step("5", "A declined card, then another one; a card that asks for authentication")
    _declined_then_paid(stage)
    _authenticated(stage)
    stage.change_workspace(payment_method_id="pm_acme_visa")


def _declined_then_paid(stage: Stage) -> None:
    check, witness = stage.narrator.check, stage.witness
    stage.change_workspace(payment_method_id="pm_acme_empty")
    command = stage.purchase_command("adam", stage.quote("adam", "credits-3k", "gina"))
    stage.send(command)
    declined = witness.wait(PurchaseDeclined, lambda event: event.purchase_id == command.purchase_id, "declined")
    check(
        declined.reason is Reason.CARD_DECLINED and not stage.journal.charges_of(command.purchase_id),
        f"the card is declined ({declined.decline_code}); nothing charged",
        declined,
    )
    stage.notice("adam", "purchase_declined", "in_app")
    credited = witness.seen(PurchaseCredited, lambda event: event.purchase_id == command.purchase_id)
    check(credited == [], "nothing credited, and the buyer is told why", credited)
    retry = RetryPurchase(
        workspace_id=WORKSPACE,
        actor_id="adam",
        purchase_id=command.purchase_id,
        payment_method_id="pm_acme_visa",
        attempt=declined.next_attempt,
    )
    stage.send(retry)
    paid = witness.wait(PurchasePaid, lambda event: event.purchase_id == command.purchase_id, "paid at last")
    intents = stage.journal.intents_of(command.purchase_id)
    check(intents == [paid.payment_intent_id], "another card pays on the same PaymentIntent", intents)
    witness.wait(PurchaseCredited, lambda event: event.purchase_id == command.purchase_id, "gina is credited")


def _authenticated(stage: Stage) -> None:
    check, witness = stage.narrator.check, stage.witness
    stage.change_workspace(payment_method_id="pm_acme_3ds")
    command = stage.purchase_command("olivia", stage.quote("olivia", "credits-3k", "emil"))
    stage.send(command)
    action = witness.wait(PurchaseActionRequired, lambda event: event.purchase_id == command.purchase_id, "a link")
    check(
        "secret" not in action.url, "the bank asks for authentication: the buyer gets a link of ours, no secret in it"
    )
    page = _where_it_leads(action.url)
    check(not stage.journal.charges_of(command.purchase_id), "opening it leads to the bank's page; nothing charged yet")
    stage.sandbox.complete_authentication(page)
    credited = witness.wait(
        PurchaseCredited, lambda event: event.purchase_id == command.purchase_id, "credited after authentication"
    )
    charges = stage.journal.charges_of(command.purchase_id)
    check(
        len(charges) == 1 and credited.lines[0].user_id == "emil", "confirmed on session: one charge, emil is credited"
    )


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Do not follow: the bank's page is for a person."""


def _where_it_leads(url: str) -> str:
    """As a buyer's browser, who loads the page anew while it says that the processor does not answer (503)."""
    for _ in range(PAGE_LOADS):
        try:
            with urllib.request.build_opener(_Stay).open(url, timeout=10) as page:
                raise AssertionError(f"{url} should redirect, answered {page.status}")
        except urllib.error.HTTPError as answered:
            if answered.status != http.HTTPStatus.SERVICE_UNAVAILABLE:
                return str(answered.headers["Location"])
        time.sleep(PAUSE_S)
    raise AssertionError(f"{url} says that the processor does not answer, {PAGE_LOADS} times over")
