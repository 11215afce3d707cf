"""What people read: every event has a sentence, and nothing in it can play with the terminal."""

from __future__ import annotations

import pytest

from services.cli.money import money
from services.cli.telling import SENTENCES, printable, sentence
from shared.contracts.documents.examples import EXAMPLES
from shared.contracts.documents.schemas import MESSAGES
from shared.contracts.message import Message
from shared.contracts.top_up_events import RequestDeclined


def test_every_message_of_the_catalog_has_a_sentence() -> None:
    assert set(SENTENCES) == set(MESSAGES.values())


@pytest.mark.parametrize("message", EXAMPLES.values(), ids=lambda message: message.type)
def test_a_sentence_is_one_line(message: Message) -> None:
    told = sentence(message)
    assert told
    assert "\n" not in told
    assert "_id=" not in told


@pytest.mark.case(24)
def test_what_a_person_wrote_cannot_move_the_cursor() -> None:
    declined = EXAMPLES[RequestDeclined].model_copy(update={"reason": "no\x1b[2J\r\nrefused"})
    assert "\x1b" not in sentence(declined)
    assert "\n" not in sentence(declined)
    assert printable("é ✔ \u202e") == "é ✔ \N{REPLACEMENT CHARACTER}"


def test_money_is_written_as_people_write_it() -> None:
    assert money(123_456, "usd") == "1,234.56 USD"
