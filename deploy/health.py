"""Whether the worker of this container is healthy, for a container's health check: `python -I /app/deploy/health.py`.

The worker itself knows: while its lanes are members of their groups, its database answers and its relay works or stands
by, it writes the file that `REFILL_READY_FILE` names anew every second; otherwise it takes the file away, or writes
what is wrong into it and dates it 1970. So a young file says healthy, and one that grows old that the worker hangs.
Nothing is imported that takes time: this runs every few seconds beside the worker.
"""

import os
import sys
import time

FRESH_S = 15  # the file is written every second; a machine that is very busy may skip some
NOT_HEALTHY = "not healthy"  # how a worker begins to say what is wrong


def main() -> int:
    path = os.environ.get("REFILL_READY_FILE", "")
    if not path:
        print("REFILL_READY_FILE is not set: nobody can say whether the worker is healthy")
        return 1
    try:
        age_s = time.time() - os.stat(path).st_mtime
        with open(path, encoding="utf-8", errors="replace") as file:
            said = file.read(1000).strip()
    except FileNotFoundError:
        print("the worker does not say that it is healthy; its log says what it waits for")
        return 1
    except OSError as error:
        print(f"{path} cannot be read: {error.strerror}")
        return 1
    if age_s <= FRESH_S:
        print(said)
        return 0
    print(said if said.startswith(NOT_HEALTHY) else f"the worker has said nothing for {age_s:.0f} s; before: {said}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
