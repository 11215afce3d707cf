"""Runs PostgreSQL for root. It refuses to run as root, so it runs as `nobody`, which must reach root's files.

On Linux it keeps one capability (CAP_DAC_OVERRIDE) over the change of user, so that a clone or a cache under /root
works as it stands, without opening that folder to others. Run as a script, this file is the step between: change
user, then exec.
"""

import ctypes
import os
import pwd
import shutil
import sys
from pathlib import Path

from deploy.local.trouble import Trouble

USER = "nobody"  # the one unprivileged user that even a bare container knows
NOT_POSSIBLE = (
    "PostgreSQL refuses to run as root, and root may not become " + USER + " here ({}): run this as an ordinary user."
)

# linux/prctl.h, linux/securebits.h, linux/capability.h
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def command_prefix() -> list[str]:
    """What goes before a PostgreSQL command: nothing for an ordinary user, this script for root."""
    return [sys.executable, "-m", "deploy.local.unprivileged"] if os.geteuid() == 0 else []


def hand_over(folder: Path) -> None:
    """Makes the folder the server's own when root runs it: PostgreSQL wants to own its data. Raises Trouble."""
    if os.geteuid() == 0:
        try:
            shutil.chown(folder, USER)
        except (OSError, LookupError) as error:
            raise Trouble(NOT_POSSIBLE.format(error)) from None


def _become_nobody() -> None:
    entry = pwd.getpwnam(USER)
    keep = sys.platform.startswith("linux")
    libc = ctypes.CDLL(None, use_errno=True) if keep else None
    if libc is not None:
        # access(2) forgets the capabilities of a user that is not root unless told not to, and initdb asks by it.
        _checked(libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if libc is not None:
        bit = 1 << CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low words, then high
        _checked(libc.capset(header, sets))
        _checked(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0))


def _checked(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main() -> None:
    """Becomes `nobody` and executes the command given as arguments; says in one sentence why it could not."""
    try:
        _become_nobody()
    except (OSError, KeyError) as error:
        sys.exit(NOT_POSSIBLE.format(error))
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - the command was put together by this package


if __name__ == "__main__":
    main()
