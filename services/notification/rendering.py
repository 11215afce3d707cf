"""From a notice to a letter: templates for subject, plain text and HTML, filled with what is known at this moment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notification.domain.delivery import Contact, Email
from services.notification.domain.digest import LISTED
from services.notification.domain.links import Console, web_link
from services.notification.domain.money import credits_shown, money
from services.notification.domain.names import IN_SUBJECT_CHARACTERS, IN_TEXT_CHARACTERS, shown
from services.notification.domain.notice import Facts, Told
from services.notification.letter import Letter

TEMPLATES = Path(__file__).with_name("templates")
DIGEST_WORDING = "requests_digest"  # what several requests are told with
ENGLISH = "en"
REASON_CHARACTERS = 500  # as long as the wire allows
_EMPTY_LINES = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the facts of a notice do not say, as it is known when the letter is written (N3).

    `names` are those of the people whom the facts mention, `request` is the one the notice is about,
    `unsubscribe_token` what the reader's links to end such mails carry.
    """

    workspace_name: str | None
    names: Mapping[str, str]
    request: Facts | None
    unsubscribe_token: UUID


class Tongue(NamedTuple):
    """The templates as one language has them, for plain text and for HTML."""

    text: Environment
    html: Environment


class Letters:
    """Writes letters. A wording is one template of blocks; the layouts put the blocks into subject, text and HTML.

    `folder` has a folder for each language; what a language lacks, a wording or all of it, is written in English.
    """

    def __init__(self, console: Console, folder: Path = TEMPLATES) -> None:
        self._console = console
        self._folder = folder
        self._tongues: dict[tuple[Path, ...], Tongue] = {}

    def write(self, letter_id: UUID, emails: Sequence[Email], contact: Contact, around: Surroundings) -> Letter:
        """The letter to the address that `contact` names. Several `emails` are told together (N5)."""
        assert contact.email is not None, "a letter needs an address"
        told = [email.told for email in emails]
        tongue = self._tongue(contact.language or ENGLISH)
        unsubscribe = self._console.unsubscribe(told[0].user_id, told[0].kind, str(around.unsubscribe_token))
        return Letter(
            letter_id=letter_id,
            address=contact.email,
            written_at=max(one.occurred_at for one in told),
            subject=" ".join(self._fill(tongue.text, "subject", told, contact, around, IN_SUBJECT_CHARACTERS).split()),
            text=_spaced(self._fill(tongue.text, "txt", told, contact, around, IN_TEXT_CHARACTERS)),
            html=self._fill(tongue.html, "html", told, contact, around, IN_TEXT_CHARACTERS),
            unsubscribe_url=unsubscribe,
        )

    def _tongue(self, language: str) -> Tongue:
        """Kept by the folders that are there: people may name any language, and there are few."""
        named = [self._folder / name for name in dict.fromkeys((language, language[:2]))]
        folders = (*(folder for folder in named if folder.is_dir()), TEMPLATES / ENGLISH)
        if folders not in self._tongues:
            text, html = (_environment(folders, autoescape=markup) for markup in (False, True))
            self._tongues[folders] = Tongue(text, html)
        return self._tongues[folders]

    def _fill(
        self,
        environment: Environment,
        layout: str,
        all_told: Sequence[Told],
        contact: Contact,
        around: Surroundings,
        name_characters: int,
    ) -> str:
        told = all_told[0]
        wording = told.wording if len(all_told) == 1 else DIGEST_WORDING

        def person(user_id: str) -> str:
            return shown(around.names.get(user_id, ""), name_characters) or user_id

        return environment.get_template(f"{wording}.jinja").render(
            layout=f"layout.{layout}",
            parts="parts.html" if environment.autoescape else "parts.txt",
            reader=shown(contact.name or "", name_characters),
            workspace=shown(around.workspace_name or "", name_characters) or told.workspace_id,
            person=person,
            facts=told.facts,
            listed=[one.facts for one in all_told[:LISTED]],
            count=len(all_told),
            request=around.request or {},
            settled=told.settled,
            workspace_id=told.workspace_id,
            console=self._console,
            unsubscribe_url=self._console.unsubscribe(told.user_id, told.kind, str(around.unsubscribe_token)),
        )


def people_in(facts: Facts) -> set[str]:
    """The user ids that the facts of a notice mention: whose names a letter may need."""
    people = {fact for name, fact in facts.items() if name in ("asker_id", "buyer_id", "decliner_id", "user_id")}
    return people | {line["user_id"] for line in facts.get("lines", ())} | set(facts.get("user_ids", ()))


def _spaced(text: str) -> str:
    """One empty line between paragraphs, whatever the empty blocks of a template left."""
    return _EMPTY_LINES.sub("\n\n", text).strip() + "\n"


def _environment(folders: Sequence[Path], *, autoescape: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=autoescape,  # noqa: S701 - on for HTML; subject and plain text have no markup to escape
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        money=money, credits=credits_shown, web_link=web_link, one_line=lambda text: shown(text, REASON_CHARACTERS)
    )
    return environment
