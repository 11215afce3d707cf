"""A worker's timed work in a process of its own, to be killed: started with a database's address and a journal's path.

The journal is the world outside: a line for every time that a letter was carried out. It ends when no timer is left.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shared.messaging import leases
from tests.integration.messaging.office.letters import Posting
from tests.integration.messaging.office.office import Office, wait_until


def main(url: str, journal: Path) -> None:
    """Post whatever is due."""
    leases.LEASE_S = 2  # a killed one's work is taken up soon, so that the test need not wait long
    leases.RENEW_EVERY_S = 1

    def carry(letter: str) -> str:
        with journal.open("a") as book:
            book.write(f"{letter}\n")
        return "posted"

    office = Office(url)
    office.open(errands=[Posting(carry)])
    wait_until(lambda: office.timers() == {} or office.crew.over.is_set(), "all letters posted")
    office.close()
    if office.crew.failure:
        raise office.crew.failure.error


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
