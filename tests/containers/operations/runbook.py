"""The procedures of docs/deploy.md, run as they stand there: what the document says is what was tried."""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass

from deploy.compose.project import Project
from deploy.local.run_folder import PROJECT
from tests.containers.operations.log import NEW

DOCUMENT = PROJECT / "docs" / "deploy.md"
SECTION = re.compile(r"^### (?P<title>.+?)\n(?P<text>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 240  # the longest takes twenty seconds; a machine that does much else takes longer


def procedures() -> dict[str, str]:
    """Every section that has commands, by its title: all its commands as one script."""
    found = {section["title"]: BLOCK.findall(section["text"]) for section in SECTION.finditer(DOCUMENT.read_text())}
    return {title: "".join(blocks) for title, blocks in found.items() if blocks}


@dataclass(frozen=True)
class Runbook:
    """Follows a procedure in a project, from the top of the checkout as the document asks."""

    project: Project

    def follow(self, title: str, **variables: str) -> float:
        """Runs the commands of the section; the first that fails ends it. Returns the seconds that it took."""
        started = time.monotonic()
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", procedures()[title]],
            cwd=PROJECT,
            env={
                **os.environ,
                **self.project._environment(),
                "secrets": str(self.project.secrets),
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, f"{title} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        took = time.monotonic() - started
        NEW.append(f"{title}: {took:.1f} s")
        return took
