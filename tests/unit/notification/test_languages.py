"""Another language is a folder of templates; what it lacks is written in English."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.notification.domain.delivery import Contact, Email
from services.notification.domain.links import Console
from services.notification.domain.notice import Told
from services.notification.handlers.tellings import notices_about
from services.notification.letter import Letter
from services.notification.rendering import Letters, Surroundings
from tests.unit.notification import events
from tests.unit.notification.events import NOW, WORKSPACE
from tests.unit.notification.test_letters import DECIDERS, NAMES, TOKEN
from tests.unit.notification.test_tellings import OCCASION

# A language that nobody speaks: its words cannot be in the English templates by chance.
LOW = """{% extends layout %}
{% block language %}xx{% endblock %}
{% block subject %}Zut {{ workspace }}{% endblock %}
{% block message %}
Zut {{ facts.usable | credits }} zut.
{% endblock %}
{% block reason %}Zut.{% endblock %}
"""


@pytest.fixture
def letters(tmp_path: Path) -> Letters:
    """One wording in one language, and one more of a country's own."""
    for language, words in (("xx", LOW), ("xx-XY", LOW.replace("Zut", "Zit"))):
        (tmp_path / language).mkdir()
        (tmp_path / language / "credits_low.jinja").write_text(words)
    return Letters(Console("https://console.refill.test"), tmp_path)


def _write(letters: Letters, event: object, language: str | None) -> Letter:
    notice = notices_about(event, OCCASION, DECIDERS)[0]
    told = Told(
        notice_id=notice.notice_id,
        user_id=notice.user_id,
        workspace_id=WORKSPACE,
        kind=notice.kind,
        wording=notice.wording,
        about_id=notice.about_id,
        state="unread",
        facts=notice.facts,
        occurred_at=NOW,
    )
    contact = Contact("Ronja", "r@acme.example", language)
    around = Surroundings("Acme", NAMES, None, TOKEN)
    return letters.write(told.notice_id, [Email(told, NOW, NOW)], contact, around)


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("xx", "Zut Acme"),
        ("xx-XY", "Zit Acme"),
        ("xx-ZZ", "Zut Acme"),  # a country without words of its own
        ("yy", "Your credits in Acme are running low"),
        ("en", "Your credits in Acme are running low"),
        (None, "Your credits in Acme are running low"),
    ],
)
def test_a_person_is_written_to_in_the_own_language_as_far_as_there_is_one(
    letters: Letters, language: str | None, subject: str
) -> None:
    assert _write(letters, events.low(), language).subject == subject


def test_what_a_language_lacks_is_written_in_english(letters: Letters) -> None:
    known, lacking = _write(letters, events.low(), "xx"), _write(letters, events.exhausted(), "xx")
    assert "Zut 1,998 zut." in known.text
    assert '<html lang="xx">' in known.html
    assert lacking.subject == "You have no credits left in Acme"
    assert '<html lang="en">' in lacking.html
