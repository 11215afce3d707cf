"""Mails to look at: one for each wording, without settings, servers or people."""

from __future__ import annotations

import email
from email.policy import default
from pathlib import Path

import pytest

from services.notification.__main__ import main
from services.notification.rendering import ENGLISH, TEMPLATES

WORDINGS = sorted(path.stem for path in (TEMPLATES / ENGLISH).glob("*.jinja"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `preview` writes."""
    made = tmp_path_factory.mktemp("preview") / "mails"
    assert main(["preview", str(made)]) == 0
    return made


def test_every_wording_that_is_mailed_can_be_looked_at(folder: Path) -> None:
    written = {path.name for path in folder.iterdir()}
    assert written == {f"{wording}.{kind}" for wording in WORDINGS for kind in ("txt", "html", "eml")} | {"index.html"}
    page = (folder / "index.html").read_text()
    assert all(f'src="{wording}.html"' in page for wording in WORDINGS)


@pytest.mark.parametrize("wording", WORDINGS)
def test_what_is_looked_at_is_what_a_mail_program_shows(wording: str, folder: Path) -> None:
    message = email.message_from_bytes((folder / f"{wording}.eml").read_bytes(), policy=default)
    for kind, file in (("plain", "txt"), ("html", "html")):
        part = message.get_body((kind,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == (folder / f"{wording}.{file}").read_text()


@pytest.mark.parametrize("wording", WORDINGS)
def test_the_plain_text_is_readable(wording: str, folder: Path) -> None:
    text = (folder / f"{wording}.txt").read_text()
    assert not [odd for odd in ("<", ">", "&amp;", "&#", "{", "}") if odd in text]
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    assert "Robin Reader" in text
