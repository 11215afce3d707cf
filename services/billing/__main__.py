"""The billing worker: `python -m services.billing run | migrate | quarantine`."""

from __future__ import annotations

import sys

from services.billing.app import service
from services.billing.settings import BillingSettings
from shared.messaging.worker import main

if __name__ == "__main__":
    sys.exit(main(service, BillingSettings))
