"""`python -m services.notification run | migrate | quarantine`."""

from __future__ import annotations

import sys

from services.notification.app import notification
from services.notification.settings import NotificationSettings
from shared.messaging import worker

if __name__ == "__main__":
    sys.exit(worker.main(notification, NotificationSettings))
