"""Every mail as files to look at: `python -m services.notification preview FOLDER`. No settings, no server, no people.

For each wording `<wording>.txt`, `.html` and `.eml` (the whole message), and `index.html` with all of them.
"""

from __future__ import annotations

import argparse
import html
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from services.notification.domain.delivery import Contact, Email
from services.notification.domain.links import Console
from services.notification.domain.matters import (
    Frozen,
    GivenBack,
    PaidAndCredited,
    TakenBack,
    WorkspaceFreed,
    WorkspacePaused,
)
from services.notification.domain.members import Deciders
from services.notification.domain.notice import Notice, Occasion, Told
from services.notification.handlers.tellings import TELLINGS, notices_about
from services.notification.letter import Letter
from services.notification.mailer import compose
from services.notification.rendering import DIGEST_WORDING, Letters, Surroundings
from shared.contracts.documents.example_names import ADMIN, EDITOR, NOON, OTHER, OWNER, WORKSPACE
from shared.contracts.documents.examples import EXAMPLES
from shared.contracts.message import Message
from shared.contracts.recalls import PurchaseFrozen, PurchaseGivenBack, PurchaseTakenBack
from shared.contracts.top_up_events import PurchasePaid, TopUpRequested

CONSOLE = "https://console.example.com"
SENDER = "credits@example.com"
NAMES = {OWNER: "Olivia Owner", ADMIN: "Adam Admin", EDITOR: "Edith Editor", OTHER: "Otto Other"}
DECIDERS = Deciders({OWNER: "owner", ADMIN: "admin"})
READER = Contact(name="Robin Reader", email="robin@acme.example")
NO_TOKEN = UUID(int=0)
RECALLED: Mapping[type[Any], type[Message]] = {
    Frozen: PurchaseFrozen,
    TakenBack: PurchaseTakenBack,
    GivenBack: PurchaseGivenBack,
}


def main(argv: Sequence[str]) -> int:
    """Write the files and print their names."""
    parser = argparse.ArgumentParser(prog="preview", description="Write every mail as files to look at.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder: Path = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    letters = previews()
    for wording, letter in letters.items():
        (folder / f"{wording}.txt").write_text(letter.text, encoding="utf-8")
        (folder / f"{wording}.html").write_text(letter.html, encoding="utf-8")
        (folder / f"{wording}.eml").write_bytes(compose(letter, SENDER).as_bytes())
        sys.stdout.write(f"{folder / wording}.html: {letter.subject}\n")
    (folder / "index.html").write_text(_index(letters), encoding="utf-8")
    sys.stdout.write(f"{folder / 'index.html'}: all of them\n")
    return 0


def previews() -> Mapping[str, Letter]:
    """A letter for each wording that is mailed, of the examples that the contracts' documents show."""
    writer = Letters(Console(CONSOLE))
    request = EXAMPLES[TopUpRequested].wire()
    around = Surroundings("Acme", NAMES, request, NO_TOKEN)
    written = {
        notice.wording: writer.write(notice.notice_id, [_email(notice)], READER, around) for notice in _notices()
    }
    written[DIGEST_WORDING] = writer.write(NO_TOKEN, [_email(notice) for notice in _storm()], READER, around)
    return written


def _storm() -> Iterator[Notice]:
    for asker in (EDITOR, OTHER):
        request = EXAMPLES[TopUpRequested].model_copy(update={"asker_id": asker})
        yield notices_about(request, _occasion(f"request of {asker}"), DECIDERS)[0]


def _notices() -> Iterator[Notice]:
    paid = EXAMPLES[PurchasePaid]
    assert isinstance(paid, PurchasePaid)
    ours: dict[type[object], object] = {
        PaidAndCredited: PaidAndCredited(WORKSPACE, paid.purchase_id, paid.buyer_id, _occasion("paid"), paid.wire()),
        WorkspacePaused: WorkspacePaused(WORKSPACE, "plan"),
        WorkspaceFreed: WorkspaceFreed(WORKSPACE),
        **{matter: matter(EXAMPLES[event], "dispute") for matter, event in RECALLED.items()},
    }
    for telling in TELLINGS:
        if telling.by_email:
            event = ours[telling.event] if telling.event in ours else EXAMPLES[telling.event]
            told = notices_about(event, _occasion(telling.wording), DECIDERS)
            yield next(notice for notice in told if notice.wording == telling.wording)


def _occasion(name: str) -> Occasion:
    return Occasion("/preview", name, WORKSPACE, NOON)


def _email(notice: Notice) -> Email:
    told = Told(
        notice_id=notice.notice_id,
        user_id=notice.user_id,
        workspace_id=WORKSPACE,
        kind=notice.kind,
        wording=notice.wording,
        about_id=notice.about_id,
        state="unread",
        facts=notice.facts,
        occurred_at=NOON,
    )
    return Email(told, NOON, notice.mail_until)


def _index(letters: Mapping[str, Letter]) -> str:
    parts = [
        f"<h2>{html.escape(letter.subject)}</h2>"
        f'<p><a href="{wording}.html">HTML</a> <a href="{wording}.txt">text</a> <a href="{wording}.eml">message</a></p>'
        f'<iframe src="{wording}.html" title="{wording}" width="700" height="520"></iframe>'
        for wording, letter in letters.items()
    ]
    return '<!doctype html><meta charset="utf-8"><title>Mails</title>\n' + "\n".join(parts) + "\n"
