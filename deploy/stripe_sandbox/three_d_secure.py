"""The page that stands for the bank's: a person, or a test, completes or fails the authentication of a payment.

Stripe docs, "3D Secure" and "Testing" (the modal with the buttons Complete and Fail). Afterwards the buyer is sent to
the `return_url` with `payment_intent`, `payment_intent_client_secret` and `redirect_status`.
"""

import html
import re

from deploy.stripe_sandbox import attempts
from deploy.stripe_sandbox.clock import Clock
from deploy.stripe_sandbox.exchange import Outgoing
from deploy.stripe_sandbox.money import shown
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.store import Store

ADDRESS = re.compile(r"/3ds/(?P<intent>[^/]+)/(?P<challenge>[^/]+)(?:/(?P<verdict>complete|fail))?")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>3D Secure test page</title>
<style>body{{font:16px sans-serif;max-width:32em;margin:4em auto}}
button{{font:inherit;padding:.6em 1.2em;margin-right:1em}}</style>
</head><body><h1>{title}</h1><p>{text}</p>{forms}</body></html>
"""
FORM = '<form method="post" action="{action}" style="display:inline"><button type="submit">{label}</button></form>'


class ThreeDSecurePage:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def answer(self, method: str, path: str) -> Outgoing:
        matched = ADDRESS.fullmatch(path)
        if matched is None:
            return page(404, "Not found", "There is no such page.")
        with self._store.lock:
            intent = self._store.begin(self._clock.now()).find(PaymentIntent, matched["intent"])
            if intent is None or not intent.challenge or intent.challenge != matched["challenge"]:
                return page(410, "Nothing to do", "This authentication is over, or was replaced by a newer attempt.")
            if method == "POST" and matched["verdict"]:
                intent = self.conclude(intent, passed=matched["verdict"] == "complete")
                return sent_back(intent)
        amount = html.escape(f"{shown(intent.amount, intent.currency)} {intent.currency}")
        forms = "".join(
            FORM.format(action=html.escape(f"{path}/{verdict}"), label=label)
            for verdict, label in (("complete", "Complete"), ("fail", "Fail"))
        )
        return page(200, "3D Secure test page", f"A payment of {amount} asks for your approval.", forms)

    def conclude(self, intent: PaymentIntent, *, passed: bool) -> PaymentIntent:
        """Ends the open challenge. Hold the store's lock."""
        transaction = self._store.begin(self._clock.now())
        intent = attempts.authenticate(transaction, intent, passed=passed)
        self._store.commit(transaction)
        return intent


def sent_back(intent: PaymentIntent) -> Outgoing:
    address = attempts.return_address(intent)
    if address is None:
        return page(200, "Done", f"The payment is now: {html.escape(intent.status)}.")
    return Outgoing(303, b"", {"Location": address})


def page(status: int, title: str, text: str, forms: str = "") -> Outgoing:
    body = PAGE.format(title=html.escape(title), text=text, forms=forms).encode()
    return Outgoing(status, body, {"Content-Type": "text/html; charset=utf-8"})
