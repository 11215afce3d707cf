"""What one run adds to the project's own file: settings of single services, as a second compose file."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


@dataclass
class Override:
    """The file is written anew before each command, so that it always says what is wanted now."""

    path: Path
    settings: dict[str, dict[str, str]] = field(default_factory=dict)
    mounts: dict[str, dict[str, str]] = field(default_factory=dict)

    def set(self, service: str, settings: Mapping[str, str]) -> None:
        """The service's containers get these settings, or none any more. One that has any is not started again by the
        engine, for it is there to be looked at when it ends."""
        self.settings[service] = dict(settings)

    def mount(self, service: str, folder: Path, at: str) -> None:
        """A folder of this machine in the place of the volume there."""
        self.mounts.setdefault(service, {})[at] = str(folder)

    def write(self) -> Path:
        """Writes the file, whole or not at all, and returns where it stands."""
        services: dict[str, dict[str, Any]] = {}
        for service, settings in self.settings.items():
            if settings:
                literal = {name: _literal(value) for name, value in settings.items()}
                services[service] = {"environment": literal, "restart": "no"}
        for service, mounts in self.mounts.items():
            services.setdefault(service, {})["volumes"] = [
                {"type": "bind", "source": _literal(folder), "target": at} for at, folder in mounts.items()
            ]
        # A file of this call's own, which nobody else may read: commands are given side by side.
        with NamedTemporaryFile("w", dir=self.path.parent, suffix=".part", delete=False) as part:
            json.dump({"services": services}, part, indent=2)
        os.replace(part.name, self.path)
        return self.path


def _literal(value: str) -> str:
    """Compose takes a dollar for the beginning of a variable."""
    return value.replace("$", "$$")
