"""Letters: the same words in plain text and HTML, and no name that gets out of its place."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest

from services.notification.domain.delivery import Contact, Email
from services.notification.domain.digest import LISTED
from services.notification.domain.links import Console
from services.notification.domain.matters import TakenBack
from services.notification.domain.members import Deciders
from services.notification.domain.notice import Notice, Told
from services.notification.handlers.tellings import notices_about
from services.notification.letter import Letter
from services.notification.rendering import Letters, Surroundings, people_in
from shared.contracts.recalls import RecallCause
from tests.unit.notification import events, going_back
from tests.unit.notification.events import NOW, WORKSPACE
from tests.unit.notification.test_tellings import OCCASION, RECEIPT, ROWS

LETTERS = Letters(Console("https://console.refill.test"))
DECIDERS = Deciders({"olivia": "owner", "adam": "admin"})
NAMES = {user_id: user_id.title() for user_id in events.ROLES}
MAILED = [row for row, expected in ROWS.items() if expected[4]]
TOKEN = UUID(int=77)
NASTY = "<script>alert('1')</script>\r\nBcc: evil@x.test\r\n\r\n\"&" + "x" * 10_000


class _Seen(HTMLParser):
    """What a reader of the HTML has before the eyes: tags, links, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.unsubscribe: list[str | None] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        links = [value for name, value in attrs if name in ("href", "src")]
        self.unsubscribe += [link for link in links if "/unsubscribe?" in str(link)]
        self.links += [link for link in links if "/unsubscribe?" not in str(link)]

    def handle_data(self, data: str) -> None:
        self.text += data


def _write(
    event: object,
    workspace: str | None = "Acme",
    reader: str = "Ronja",
    names: dict[str, str] | None = None,
    wording: str | None = None,
) -> Letter:
    told = notices_about(event, OCCASION, DECIDERS)
    return _write_notice(next(one for one in told if wording in (None, one.wording)), workspace, reader, names)


def _write_row(row: str, **more: Any) -> Letter:
    event, _, _, wording, _ = ROWS[row]
    return _write(event, wording=wording, **more)


def _write_notice(notice: Notice, workspace: str | None, reader: str, names: dict[str, str] | None) -> Letter:
    told = Told(
        notice.notice_id,
        notice.user_id,
        WORKSPACE,
        notice.kind,
        notice.wording,
        notice.about_id,
        "unread",
        notice.facts,
        NOW,
    )
    around = Surroundings(workspace, NAMES if names is None else names, events.requested().wire(), TOKEN)
    return LETTERS.write(told.notice_id, [Email(told, NOW, NOW)], Contact(reader, "r@acme.example"), around)


@pytest.mark.parametrize("row", MAILED)
def test_text_and_html_say_the_same(row: str) -> None:
    letter = _write_row(row)
    seen = " ".join(_Seen(letter.html).text.split())
    for paragraph in letter.text.split("\n\n")[:2]:
        assert " ".join(paragraph.split()) in seen


@pytest.mark.parametrize("row", MAILED)
def test_every_letter_greets_its_reader_names_the_workspace_and_says_why_it_came(row: str) -> None:
    letter = _write_row(row)
    assert letter.text.startswith("Hello Ronja,\n\n")
    assert "Acme" in letter.subject
    why, how_to_end_it = letter.text.rstrip().splitlines()[-2:]
    assert why.startswith("You get this because you ")
    kind = ROWS[row][2]
    assert letter.unsubscribe_url.startswith("https://console.refill.test/unsubscribe?user=")
    assert letter.unsubscribe_url.endswith(f"&kind={kind}&token={TOKEN}")
    assert how_to_end_it == f"No more emails of this kind: {letter.unsubscribe_url}"
    assert _Seen(letter.html).unsubscribe == [letter.unsubscribe_url]
    assert "\n\n\n" not in letter.text


@pytest.mark.rule("N1", "A3")
def test_a_request_says_who_what_how_much_and_where_to_buy_it() -> None:
    letter = _write(events.requested())
    link = (
        "https://console.refill.test/purchases/new"
        f"?workspace=acme&request={events.uuid(1)}&package=pack-12k&editor=erin"
    )
    assert letter.subject == "Erin asks for 12,000 credits in Acme"
    assert "Price: USD 49.00\n" in letter.text
    assert f"Review and buy: {link}\n" in letter.text
    assert _Seen(letter.html).links == [link]


@pytest.mark.rule("N2")
def test_a_receipt_lists_the_lines_and_the_total_in_its_currency() -> None:
    whole = ROWS["N2 receipt"][0]
    letter = _write(whole)
    assert letter.subject == "Receipt: USD 98.00 for credits in Acme"
    assert "12,000 credits for Erin: USD 49.00\n12,000 credits for Emil: USD 49.00\n" in letter.text
    assert "Total, tax included: USD 98.00\n" in letter.text


@pytest.mark.rule("N2", "C15")
def test_low_and_exhausted_say_how_much_is_left_and_when_there_is_more() -> None:
    assert "You have 1,998 AI credits left in “Acme”. Your monthly quota of 10,000 renews on 2026-03-15" in (
        _write(events.low()).text
    )
    gone = _write(events.exhausted(held=120)).text
    assert "120 are held for work in progress; what it does not use comes back to you. Your monthly" in gone
    assert "held" not in _write(events.exhausted(held=0)).text


@pytest.mark.rule("N2")
@pytest.mark.parametrize(("currency", "text"), [("usd", "USD 98.00"), ("jpy", "JPY 9,800"), ("kwd", "KWD 9.800")])
def test_a_receipt_has_its_number_its_currencys_decimals_and_the_way_to_the_tax(currency: str, text: str) -> None:
    link = f"https://pay.refill.test/purchases/{events.uuid(50)}/receipt"
    numbered = events.paid(currency=currency).model_copy(
        update={"receipt_number": "R-7KXM-2QAD-41TB", "receipt_url": link}
    )
    letter = _write(replace(RECEIPT, facts=numbered.wire()))
    assert letter.subject == f"Receipt: {text} for credits in Acme"
    assert f"Total, tax included: {text}\n" in letter.text
    assert "Receipt: R-7KXM-2QAD-41TB\n" in letter.text
    assert link in _Seen(letter.html).links


@pytest.mark.rule("N2", "B11")
def test_a_receipt_and_the_news_say_what_of_the_credits_settled_a_debt() -> None:
    receipt = _write(replace(RECEIPT, debts={"erin": 120}))
    assert "12,000 credits for Erin: USD 49.00\nOf these, into what Erin owed: 120 credits\n12,000" in receipt.text
    erin, emil = events.credited().lines
    lines = (erin.model_copy(update={"debt_settled": 120}), emil)
    news = _write(events.credited().model_copy(update={"lines": lines}))
    assert "120 of them settle at once what was still owed for credits that were called back." in news.text


@pytest.mark.rule("B11")
def test_a_refund_says_whose_credits_are_called_back_or_that_support_decides() -> None:
    whole = _write(going_back.refunded())
    assert whole.subject == "Refund: USD 98.00 for credits in Acme"
    assert "Credits of: Erin\nCredits of: Emil\nRefunded: USD 98.00\n" in whole.text
    by_amount = _write(going_back.refunded(user_ids=()))
    assert "refunded at the payment provider" in by_amount.text
    assert "frozen until support has decided" in by_amount.text


@pytest.mark.rule("B12")
def test_a_dispute_says_what_is_frozen_and_its_end_who_has_the_money() -> None:
    assert "frozen until the bank has decided" in _write(going_back.disputed()).text
    assert "stands. Its credits can be used again." in _write(going_back.dispute_closed("won")).text
    lost = _write(going_back.dispute_closed("lost"))
    assert lost.subject == "The dispute about USD 98.00 for credits in Acme was lost"
    assert "has given back a payment of USD 98.00" in lost.text


@pytest.mark.rule("B11", "B12", "C13")
@pytest.mark.parametrize(
    ("cause", "why"),
    [
        ("refund", "because they were refunded"),
        ("dispute", "because the bank gave back the payment for them"),
        (None, "because the payment for them went back"),
    ],
)
def test_credits_taken_back_say_why_and_what_is_owed(cause: RecallCause | None, why: str) -> None:
    letter = _write(TakenBack(going_back.taken_back(), cause))
    assert f"11,880 of your bought credits in “Acme” were taken back, {why}. 120 more were spent already" in letter.text
    assert "To be settled: 120\n" in letter.text


@pytest.mark.rule("B15", "B11")
def test_what_operators_did_says_how_much_and_what_of_it_settled_a_debt() -> None:
    gift = _write(going_back.granted(debt_settled=120)).text
    assert "3,000 AI credits in “Acme” by our support. 120 of them settle at once what was still owed." in gift
    assert "owed" not in _write(going_back.granted()).text
    assert _write(going_back.corrected()).subject == "120 of your credits in Acme were withdrawn"
    forgiven = _write(going_back.corrected("forgive_debt"))
    assert forgiven.subject == "120 credits in Acme need not be settled any more"


@pytest.mark.rule("B9")
def test_a_decline_says_why_and_where_to_try_again() -> None:
    letter = _write(events.purchase_declined())
    assert "Why: Your card has insufficient funds.\n" in letter.text
    assert _Seen(letter.html).links == [f"https://console.refill.test/purchases/{events.uuid(50)}?workspace=acme"]


@pytest.mark.rule("B9")
def test_authentication_links_to_the_page_of_ours_that_billing_names() -> None:
    letter = _write(events.action_required(url="https://pay.refill.test/p/1?a=1&b=2"))
    assert _Seen(letter.html).links == ["https://pay.refill.test/p/1?a=1&b=2"]


@pytest.mark.case(24)
@pytest.mark.parametrize("row", MAILED)
def test_names_full_of_markup_and_line_breaks_stay_text_on_one_line(row: str) -> None:
    plain = _write_row(row)
    nasty = _write_row(row, workspace=NASTY, reader=NASTY, names=dict.fromkeys(events.ROLES, NASTY))
    assert nasty.subject.isprintable()
    assert len(nasty.subject) < 200
    assert len(nasty.text.splitlines()) == len(plain.text.splitlines())
    assert _Seen(nasty.html).tags == _Seen(plain.html).tags
    assert _Seen(nasty.html).links == _Seen(plain.html).links
    assert "<script>" in _Seen(nasty.html).text


@pytest.mark.case(24)
def test_a_reason_people_typed_stays_text_on_one_line() -> None:
    letter = _write(events.request_declined(reason="<img src=x>\r\n\r\nPS: pay here"))
    assert "Reason: <img src=x> PS: pay here\n" in letter.text
    assert "img" not in _Seen(letter.html).tags


def test_who_is_unknown_is_called_by_id() -> None:
    letter = _write(events.requested(), workspace=None, names={})
    assert letter.subject == "erin asks for 12,000 credits in acme"


def test_names_are_looked_up_for_everybody_the_facts_mention() -> None:
    assert people_in(events.paid(buyer="adam", editors=("erin", "gina")).wire()) == {"adam", "erin", "gina"}
    assert people_in(events.requested().wire()) == {"erin"}
    assert people_in(going_back.refunded().wire()) == {"adam", "erin", "emil"}
    assert people_in(events.request_declined().wire()) == {"erin", "adam"}


def test_a_settled_request_asks_for_nothing_any_more() -> None:
    told = Told(
        UUID(int=1), "adam", WORKSPACE, "top_up_requested", "top_up_requested", "r", "handled",
        events.requested().wire(), NOW, settled=True,
    )  # fmt: skip
    around = Surroundings("Acme", NAMES, None, TOKEN)
    letter = LETTERS.write(told.notice_id, [Email(told, NOW, NOW)], Contact("Adam", "a@b.c"), around)
    assert "nothing left to do" in letter.text
    assert _Seen(letter.html).links == []


def _digest(requests: int) -> Letter:
    facts = [events.requested(number, asker="erin" if number % 2 else "emil").wire() for number in range(requests)]
    emails = [
        Email(
            Told(UUID(int=number), "adam", WORKSPACE, "top_up_requested", "top_up_requested", "r", "unread", one, NOW),
            NOW,
            NOW,
            in_digest=True,
        )
        for number, one in enumerate(facts)
    ]
    return LETTERS.write(UUID(int=99), emails, Contact("Adam", "a@b.c"), Surroundings("Acme", NAMES, None, TOKEN))


@pytest.mark.rule("N5", "A3")
def test_a_digest_names_each_request_with_a_link_to_buy_it() -> None:
    letter = _digest(2)
    assert letter.letter_id == UUID(int=99)
    assert letter.subject == "2 requests for credits in Acme"
    assert "Emil, 12,000 credits: USD 49.00\n  Review and buy: https://console.refill.test/purchases/new" in letter.text
    assert "Erin, 12,000 credits: USD 49.00\n" in letter.text
    links = _Seen(letter.html).links
    assert [str(link).partition("?")[0] for link in links] == [
        "https://console.refill.test/purchases/new",
        "https://console.refill.test/purchases/new",
        "https://console.refill.test/requests",
    ]


@pytest.mark.rule("N5")
def test_a_digest_of_a_great_many_stays_short_and_says_how_many_there_are() -> None:
    letter = _digest(LISTED + 30)
    assert letter.subject == f"{LISTED + 30} requests for credits in Acme"
    assert letter.text.count("Review and buy") == LISTED
    assert "And others: 30\n" in letter.text


@pytest.mark.rule("N2")
@pytest.mark.parametrize("row", MAILED)
def test_no_letter_says_how_anybody_else_is_reached(row: str) -> None:
    letter = _write_row(row)
    assert "acme.example" not in letter.subject + letter.text + letter.html
