"""A real Apache Kafka broker (KRaft, one node): started, stopped, killed and restarted on its data."""

import base64
import os
import subprocess
import uuid
from functools import partial
from pathlib import Path

from deploy.local.aot import AotCache
from deploy.local.cache import cache_directory
from deploy.local.child import Child
from deploy.local.jars import classpath
from deploy.local.java import Java, find_java
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until

START_ATTEMPTS = 5  # another process may win a chosen port between our look and the broker's bind
START_TIMEOUT_S = 90  # 9 s without the start-up cache, more on a busy machine
STOP_TIMEOUT_S = 60  # a stop that also writes the start-up cache takes several seconds
LOG4J = Path(__file__).with_name("kafka-log4j2.properties")

JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={LOG4J}")

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    # One node: every internal topic has one replica, and few partitions, so that it starts at once.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "broker.session.timeout.ms": "3000",  # killed with -9 it is back in 5 s instead of 12
    "broker.heartbeat.interval.ms": "1000",
    "group.initial.rebalance.delay.ms": "0",  # a group of one need not wait 3 s for others
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
    "log.cleaner.dedupe.buffer.size": "16777216",  # 128 MB by default, of a heap of 512
    "log.segment.bytes": "67108864",
    "log.index.size.max.bytes": "1048576",  # 10 MB by default, laid out for every partition of every test world
}


class KafkaBroker:
    """A broker in its own folder of a run. The address stays the same over restarts."""

    def __init__(self, run: RunFolder, name: str = "kafka") -> None:
        self._run = run
        self._name = name
        self._folder = run.path / name
        self._configuration = self._folder / "server.properties"
        self._log = run.path / f"{name}.log"
        self._ports: tuple[int, int] | None = None
        self._child: Child | None = None
        self._java: Java = find_java()
        self._classpath = classpath()
        self._aot = AotCache(cache_directory(), self._java, self._classpath)

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        assert self._ports is not None, "not started"
        return f"{LOOPBACK}:{self._ports[0]}"

    @property
    def pid(self) -> int:
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Formats the data folder on the first call, starts the broker on free ports, returns when it serves clients.

        Raises Trouble with the end of its log when it does not start.
        """
        for _ in range(START_ATTEMPTS):
            ports = self._ports or (free_port(), free_port())
            self._configure(ports)
            written = self._log.stat().st_size if self._log.exists() else 0
            child = self._launch()
            wait_until(partial(_serves_or_ended, child, written), START_TIMEOUT_S, "Apache Kafka")
            if child.running:
                self._ports, self._child = ports, child
                return
            if "Address already in use" not in child.log_tail(200):
                break
        raise Trouble(f"Apache Kafka did not start; the end of {child.log}:\n{child.log_tail()}")

    def stop(self) -> None:
        """Stops cleanly; the first clean stop writes the start-up cache."""
        if self._child is not None:
            code = self._child.stop(grace_s=STOP_TIMEOUT_S)
            self._aot.keep_recording(ended_well=code == SIGTERM_EXIT)
            self._child = None

    def kill(self) -> None:
        """`kill -9`, as a crash."""
        assert self._child is not None, "not started"
        self._child.kill()
        self._aot.keep_recording(ended_well=False)
        self._child = None

    def restart(self) -> None:
        """Starts again on the same data and the same port, after any kind of end."""
        if self._child is not None:
            self.stop()
        self.start()

    def _configure(self, ports: tuple[int, int]) -> None:
        first_time = not self._folder.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        clients, controller = ports
        settings = {
            **SETTINGS,
            "log.dirs": str(self._folder / "data"),
            "listeners": f"PLAINTEXT://{LOOPBACK}:{clients},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{clients}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        }
        self._configuration.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if first_time:
            self._format()

    def _format(self) -> None:
        tool = ["kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(self._configuration)]
        quick = ["-XX:TieredStopAtLevel=1", *self._aot.options_to_use()]  # it lives for a second: do not optimise
        done = subprocess.run(
            [*self._command(quick), *tool],
            env={**os.environ, **self._run.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Trouble(f"Apache Kafka could not make its data folder: {(done.stderr or done.stdout).strip()}")

    def _launch(self) -> Child:
        command = [*self._command(self._aot.options_to_use_or_record()), "kafka.Kafka", str(self._configuration)]
        return Child(self._name, command, self._run, log=self._log, directory=self._folder)

    def _command(self, options: list[str]) -> list[str]:
        jars = ":".join(str(path) for path in self._classpath)
        return [str(self._java.launcher), *JAVA_OPTIONS, *options, "-cp", jars]


def _cluster_id() -> str:
    """A random id as Kafka makes it: 128 bits in base64, and no hyphen first, which the tool would take for an option
    (Kafka's own `Uuid.randomUuid` avoids it, too)."""
    while (name := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return name


SIGTERM_EXIT = 143  # Java runs its shutdown hooks on SIGTERM and then exits with 128 + 15


def _serves_or_ended(child: Child, log_offset: int) -> bool:
    """Believes the broker's own word rather than an answering port, which may be another process's."""
    with child.log.open("rb") as log:
        log.seek(log_offset)
        return b"Kafka Server started" in log.read() or not child.running
