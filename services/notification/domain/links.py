"""Links into the console, and which links of others may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Console:
    """The console's pages. `url` is its address without a slash at the end."""

    url: str

    def prefilled_purchase(self, workspace_id: str, request_id: str, package_id: str, editor_id: str) -> str:
        """The purchase as it was asked for, ready to be reviewed (A3)."""
        query = {"workspace": workspace_id, "request": request_id, "package": package_id, "editor": editor_id}
        return f"{self.url}/purchases/new?{urlencode(query)}"

    def requests(self, workspace_id: str) -> str:
        """All requests of a workspace."""
        return f"{self.url}/requests?{urlencode({'workspace': workspace_id})}"

    def purchase(self, workspace_id: str, purchase_id: str) -> str:
        """One purchase: where it stands, and trying it again."""
        return f"{self.url}/purchases/{quote(purchase_id, safe='')}?{urlencode({'workspace': workspace_id})}"

    def credits(self, workspace_id: str) -> str:
        """The reader's credits in a workspace."""
        return f"{self.url}/credits?{urlencode({'workspace': workspace_id})}"

    def unsubscribe(self, user_id: str, kind: str, token: str) -> str:
        """Ends emails of a kind to a person: a page to confirm it, and what a mail program posts to (RFC 8058)."""
        return f"{self.url}/unsubscribe?{urlencode({'user': user_id, 'kind': kind, 'token': token})}"


def web_link(url: str, otherwise: str) -> str:
    """`url` if a browser opens it as a web page, else `otherwise`: escaping does not tame `javascript:`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return otherwise
    return url if parts.scheme in ("http", "https") and parts.netloc and url.isprintable() else otherwise
