"""Step 3: the admin reviews a quote and buys for two editors; everybody is told (B5 to B8, A6)."""

from __future__ import annotations

from deploy.demo.stage import Stage
from shared.contracts.notification import NoticeHandled, NoticeKind
from shared.contracts.top_up_events import PurchasePaid, RequestFulfilled

TOLD: tuple[tuple[str, NoticeKind], ...] = (
    ("adam", "purchase_receipt"),
    ("erin", "credits_received"),
    ("emil", "credits_received"),
    ("erin", "request_resolved"),
)


def play(stage: Stage) -> None:
    """Buy what the editor asked for, for two editors at once."""
    stage.narrator.step("3", "The admin reviews and buys for two editors: one charge, both credited")
    narrator = stage.narrator
    quote = stage.quote("adam", "credits-10k", "erin", "emil")
    narrator.check(
        quote.total_minor == 2 * quote.unit_price_minor == 9000,
        f"the quote says 2 x {quote.unit_price_minor / 100:.2f} = {quote.total_minor / 100:.2f} USD",
        quote,
    )
    bought = stage.buy("adam", quote, request_id=stage.request_id)
    stage.first_purchase = bought
    narrator.check(
        {(line.user_id, line.credits, line.usable) for line in bought.credited.lines}
        == {("emil", 10_000, True), ("erin", 10_000, True)},
        "erin and emil are credited 10,000 each, together",
        bought.credited,
    )
    charges = stage.journal.charges_of(bought.purchase_id)
    narrator.check(charges == [quote.total_minor], "the processor's journal holds one charge of the total", charges)
    narrator.tell(from_command_to_spendable=f"{bought.spendable_after_ms:.0f} ms")

    witness = stage.witness
    paid = witness.wait(PurchasePaid, lambda event: event.purchase_id == bought.purchase_id, "paid")
    witness.wait(RequestFulfilled, lambda event: event.request_id == stage.request_id, "the request is fulfilled")
    for person, kind in TOLD:
        stage.notice(person, kind, "in_app")
        stage.notice(person, kind, "email")
    narrator.check(paid.buyer_id == "adam", "receipt to the buyer, news to both editors, the outcome to the asker")
    handled = witness.wait(
        NoticeHandled,
        lambda notice: notice.user_id == "olivia" and notice.about_id == stage.request_id,
        "olivia's notice is marked handled",
    )
    narrator.check(handled.user_id == "olivia", "the owner's open notice is marked handled")
