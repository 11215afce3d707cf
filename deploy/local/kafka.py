"""A real Apache Kafka broker (KRaft, one node): started, stopped, killed and restarted on its data.

Nobody reaches it without a name and a password (SASL/SCRAM), and a name may do what access rules say and no more
(StandardAuthorizer). The rules and the other users are made by whoever is given `admin`, see `deploy/kafka`.
"""

import base64
import os
import secrets
import subprocess
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from deploy.kafka.rights import SUPER_USER
from deploy.local.aot import AotCache
from deploy.local.cache import cache_directory
from deploy.local.child import Child
from deploy.local.jars import classpath
from deploy.local.java import Java, find_java
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until
from shared.messaging.settings import KafkaSettings

START_ATTEMPTS = 5  # another process may win a chosen port between our look and the broker's bind
START_TIMEOUT_S = 90  # 9 s without the start-up cache, more on a busy machine
STOP_TIMEOUT_S = 60  # a stop that also writes the start-up cache takes several seconds
LOG4J = Path(__file__).with_name("kafka-log4j2.properties")

JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true", f"-Dlog4j2.configurationFile={LOG4J}")
# Java's second compiler pays off after minutes of load. What lives for less goes without: a start costs a third less.
BRIEFLY = "-XX:TieredStopAtLevel=1"

BROKER = "broker"  # the node's own name, at itself
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENTS",
    "listener.security.protocol.map": "CONTROLLER:SASL_PLAINTEXT,CLIENTS:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    # The users' passwords are in the log that the controllers keep: among themselves they need another way.
    "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": f"User:{SUPER_USER};User:{BROKER}",
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

LISTENERS = ("listeners", "advertised.listeners", "listener.security.protocol.map")


class KafkaBroker:
    """A broker in its own folder of a run. The address stays the same over restarts."""

    def __init__(
        self,
        run: RunFolder,
        name: str = "kafka",
        settings: Mapping[str, str] | None = None,
        *,
        briefly: bool = False,
    ) -> None:
        """`settings` are added to the broker's own; what they say of listeners is appended to what stands there.

        `briefly` is for a test or a demo: it starts for less, and its code is never optimised. Not the default, so that
        whoever measures a broker measures the one that stays up.
        """
        self._run = run
        self._compiler = (BRIEFLY,) if briefly else ()
        self._settings = dict(settings or {})
        self._name = name
        self._folder = run.path / name
        self._configuration = self._folder / "server.properties"
        self._log = run.path / f"{name}.log"
        self._ports: tuple[int, int] | None = None
        self._child: Child | None = None
        self._passwords = {SUPER_USER: secrets.token_urlsafe(32), BROKER: secrets.token_urlsafe(32)}
        self._java: Java = find_java()
        self._classpath = classpath()
        self._aot = AotCache(cache_directory(), self._java, self._classpath)

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        assert self._ports is not None, "not started"
        return f"{LOOPBACK}:{self._ports[0]}"

    @property
    def admin(self) -> KafkaSettings:
        """How its super user reaches it: for the jobs that make topics, users and rights, and for no worker."""
        return KafkaSettings(
            bootstrap=(self.bootstrap,),
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            username=SUPER_USER,
            password=SecretStr(self._passwords[SUPER_USER]),
        )

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

    def prepare_quick_starts(self) -> None:
        """Makes the start-up cache where it can be made and is not there yet, by a start and a clean stop: some
        13 seconds of processor time, and each later start, of any broker, takes 3 instead of 7."""
        if self._aot.missing():
            self.start()
            self.stop()

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
            "listeners": f"CLIENTS://{LOOPBACK}:{clients},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{clients}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
            "listener.name.clients.scram-sha-512.sasl.jaas.config": self._login(SCRAM),
            "listener.name.controller.plain.sasl.jaas.config": self._login(PLAIN, f"user_{BROKER}"),
        }
        for setting, value in self._settings.items():
            settings[setting] = f"{settings[setting]},{value}" if setting in LISTENERS else value
        _write_for_this_user_alone(
            self._configuration, "".join(f"{name}={value}\n" for name, value in settings.items())
        )
        if first_time:
            self._format()

    def _login(self, module: str, *also_as: str) -> str:
        """How the broker proves its own name, and by `also_as` which password it takes for it."""
        password = self._passwords[BROKER]
        taken = "".join(f' {option}="{password}"' for option in also_as)
        return f'{module} required username="{BROKER}" password="{password}"{taken};'

    def _format(self) -> None:
        """Makes the data folder with the first two users in it. Java reads the passwords from a file: whoever may list
        processes sees the words of a command."""
        users = [f"SCRAM-SHA-512=[name={name},password={word}]" for name, word in self._passwords.items()]
        words = ["kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(self._configuration)]
        words += [word for user in users for word in ("--add-scram", user)]
        arguments = self._folder / "format.arguments"
        _write_for_this_user_alone(arguments, "".join(f'"{_escaped(word)}"\n' for word in words))
        quick = (BRIEFLY, *self._aot.options_to_use())  # it lives for a second
        done = subprocess.run(
            [*self._command(*quick), f"@{arguments}"],
            env={**os.environ, **self._run.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        arguments.unlink()
        if done.returncode != 0:
            raise Trouble(f"Apache Kafka could not make its data folder: {(done.stderr or done.stdout).strip()}")

    def _launch(self) -> Child:
        options = (*self._compiler, *self._aot.options_to_use_or_record())
        command = [*self._command(*options), "kafka.Kafka", str(self._configuration)]
        return Child(self._name, command, self._run, log=self._log, directory=self._folder)

    def _command(self, *options: str) -> list[str]:
        jars = ":".join(str(path) for path in self._classpath)
        return [str(self._java.launcher), *JAVA_OPTIONS, *options, "-cp", jars]


def _write_for_this_user_alone(path: Path, text: str) -> None:
    path.touch(0o600)
    path.write_text(text)


def _escaped(word: str) -> str:
    """As the Java launcher reads a quoted word of an argument file."""
    return word.replace("\\", "\\\\").replace('"', '\\"')


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
