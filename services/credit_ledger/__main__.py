"""`python -m services.credit_ledger run | migrate | quarantine | verify | explain`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from services.credit_ledger import explain, verify
from services.credit_ledger.app import ledger
from services.credit_ledger.settings import LedgerSettings
from shared.messaging import worker


def main(argv: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    if argv and argv[0] == "verify":
        return verify.main(argv[1:])
    if argv and argv[0] == "explain":
        return explain.main(argv[1:])
    return worker.main(ledger, LedgerSettings, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
