"""One log out of many: lines whole, JSON spelled out, each with its part's name."""

import io
from pathlib import Path

from rich.console import Console

from deploy.local.log_view import LogView, readable


def test_a_structured_line_is_spelled_out() -> None:
    line = '{"event": "purchase_paid", "level": "info", "time": "2026-01-02T03:04:05.678901Z", "purchase": "p-1"}'

    assert readable(line).plain == "03:04:05.678 purchase_paid purchase=p-1"


def test_any_other_line_stands_as_it_is() -> None:
    for line in ("Traceback (most recent call last):", "{not json", '{"no": "event"}', "[bold]no markup[/bold]"):
        assert readable(line).plain == line


def test_only_whole_new_lines_are_shown_with_their_part(tmp_path: Path) -> None:
    log = tmp_path / "billing.log"
    shown = io.StringIO()
    view = LogView(Console(file=shown, width=80), [("billing", log), ("mail", tmp_path / "absent.log")])

    log.write_text("one\ntwo\nhal")
    view.show_new()
    with log.open("a") as file:
        file.write("f\n")
    view.show_new()

    assert shown.getvalue().splitlines() == ["billing one", "billing two", "billing half"]
