"""One worker of a compose project: stopped, killed and started again as a process of the embedded stack is."""

from collections.abc import Mapping

from deploy.compose.project import Project


class ContainerWorker:
    """`service` is the name of the code's package, `credit_ledger`; compose joins its words with a hyphen."""

    def __init__(self, project: Project, service: str) -> None:
        self.service = service
        self._project = project
        self._name = service.replace("_", "-")
        self._settings: dict[str, str] = {}

    @property
    def running(self) -> bool:
        return self._project.container(self._name).running

    @property
    def exit_code(self) -> int | None:
        """Of the last container: None while it runs, the negative signal number when a signal ended it."""
        return self._project.exit_code(self._name)

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Starts it, with settings of this one start added. It connects by itself; this does not wait for it."""
        assert not self.running, f"{self.service} is running already"
        settings = dict(environment or {})
        if settings == self._settings:
            self._project.start(self._name)
        else:
            self._project.recreate(self._name, settings)
            self._settings = settings

    def stop(self) -> int | None:
        """SIGTERM, on which a worker drains. Returns the exit code."""
        self._project.stop(self._name)
        return self.exit_code

    def kill(self) -> None:
        """`docker kill`, as a crash."""
        self._project.kill(self._name)

    def restart(self, environment: Mapping[str, str] | None = None) -> None:
        """Ends the container as `stop` does when it runs, and starts another."""
        if self.running:
            self.stop()
        self.start(environment)

    def said(self) -> str:
        """Its whole log, over all its containers."""
        return self._project.all_logs(self._name)
