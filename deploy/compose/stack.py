"""The whole stack in containers for one story: secrets, image, project and the world on it."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.compose import secrets
from deploy.compose.engine import Say
from deploy.compose.project import COMPOSE_FILE, Project, silent
from deploy.compose.world import ContainerWorld
from deploy.local.run_folder import RunFolder


class ContainerStack:
    """Started as a context manager; leaving it removes every container, volume and network. The run's logs stay."""

    def __init__(
        self,
        run: RunFolder,
        *,
        files: Sequence[Path] = (COMPOSE_FILE,),
        variables: Mapping[str, str] | None = None,
        build: bool = True,
        say: Say = silent,
    ) -> None:
        """`build=False` uses the image that is there. The rest is as for `Project`."""
        self.project = Project(run, secrets=run.path / "secrets", files=files, variables=variables, say=say)
        self.world = ContainerWorld(self.project)
        self._build = build
        self._leaving = ExitStack()

    def __enter__(self) -> Self:
        secrets.make(self.project.secrets)
        with ExitStack() as leaving:
            leaving.callback(self._forget_secrets)
            leaving.enter_context(self.project)
            if self._build:
                self.project.build()
            self.project.up()
            self._leaving = leaving.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leaving.__exit__(kind, error, at)

    def _forget_secrets(self) -> None:
        shutil.rmtree(self.project.secrets, ignore_errors=True)  # the volumes that they open are gone
