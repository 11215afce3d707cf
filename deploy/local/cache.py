"""The per-user cache outside the clone: what was downloaded once serves every clone and every later run without
network."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.trouble import Trouble


def cache_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """The cache folder, made and writable: `REFILL_CACHE`, else the user's cache home as XDG or macOS place it.

    Raises Trouble when no such folder can be written, as with a user that has no home.
    """
    folder = _wanted_folder(environment)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise Trouble(
            f"The cache folder {folder} cannot be written by this user: set REFILL_CACHE to a folder that can, "
            'for example REFILL_CACHE="$PWD/.refill/cache".'
        )
    return folder


def _wanted_folder(environment: Mapping[str, str]) -> Path:
    if explicit := environment.get("REFILL_CACHE"):
        return Path(explicit).expanduser().absolute()
    if xdg := environment.get("XDG_CACHE_HOME"):
        return Path(xdg) / "refill"
    try:
        home = Path.home()
    except RuntimeError:
        raise Trouble("This user has no home folder: set REFILL_CACHE to a folder it can write.") from None
    return home / ("Library/Caches/refill" if sys.platform == "darwin" else ".cache/refill")
