"""What starters that were killed have left at the engine, and its end.

A project is named after the run that it belongs to, and the engine's labels carry that name on each container, volume
and network. Whether the run lives is asked of its lock (deploy/local/run_folder.py), never of a stored process id.
"""

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

from deploy.compose.container import PROJECT_LABEL
from deploy.compose.engine import docker
from deploy.local.run_folder import RUNS, abandoned

OWN = "refill"
LISTED = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))  # what a project may leave, one without the others


def project_name(run: Path) -> str:
    """Of the run in this folder: two checkouts on one machine share an engine and must not share a project."""
    return f"{_prefix(run.parent)}{re.sub(r'[^a-z0-9_-]', '-', run.name.lower())}"


def remove_project(name: str) -> None:
    """Ends the project and removes its containers, volumes and networks. Needs no file; nothing left is no error."""
    docker("compose", "-p", name, "down", "--volumes", "--remove-orphans", "--timeout", "0")


def remove_abandoned(runs: Path = RUNS) -> list[str]:
    """Removes the projects of this checkout whose starters are dead. Returns their names."""
    left = {name for name in _projects() if name.startswith(_prefix(runs))}
    removed = [name for folder in abandoned(runs) if _removed(name := project_name(folder), left)]
    known = {project_name(lock.with_suffix("")) for lock in runs.glob("*.lock")}
    return removed + [name for name in sorted(left - known) if _removed(name, left)]


def _removed(name: str, left: Collection[str]) -> bool:
    if name in left:
        remove_project(name)
    return name in left


def _prefix(runs: Path) -> str:
    return f"{OWN}-{hashlib.sha256(str(runs.absolute()).encode()).hexdigest()[:6]}-"


def _projects() -> set[str]:
    names: set[str] = set()
    for words in LISTED:
        label = f'{{{{.Label "{PROJECT_LABEL}"}}}}'
        names.update(docker(*words, "--filter", f"label={PROJECT_LABEL}", "--format", label).split())
    return names
