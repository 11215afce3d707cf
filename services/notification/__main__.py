"""`python -m services.notification run | migrate | quarantine | preview`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from services.notification import preview
from services.notification.app import notification
from services.notification.settings import NotificationSettings
from shared.messaging import worker


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    if argv and argv[0] == "preview":
        return preview.main(argv[1:])
    return worker.main(notification, NotificationSettings, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
