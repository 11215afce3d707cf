"""The plain pages that buyers see when they cannot be led on."""

from __future__ import annotations

from starlette.responses import HTMLResponse

PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Payment</title><p>{}</p></html>'

UNKNOWN = "There is no such payment."
AWAY = "The payment page cannot be reached at the moment. Please try again in a minute."


def page(status: int, text: str) -> HTMLResponse:
    """One sentence."""
    return HTMLResponse(PAGE.format(text), status_code=status)
