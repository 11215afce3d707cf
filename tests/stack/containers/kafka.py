"""Apache Kafka in a container, as `deploy.local.kafka.KafkaBroker` is one in a process.

Configured by a mounted property file and started by the distribution's own scripts: the image's start script formats by
itself and can make no user of SCRAM.
"""

from __future__ import annotations

import secrets
import time
from functools import partial

from pydantic import SecretStr

from deploy.kafka.rights import SUPER_USER
from deploy.local.kafka import BROKER, PLAIN, SCRAM, SETTINGS, START_ATTEMPTS
from deploy.local.ports import LOOPBACK, answers, free_port
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until
from shared.messaging.failures import Weather
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings
from tests.stack.containers.engine import container_of
from tests.stack.containers.server import Restartable, Server

IMAGE = "apache/kafka:4.3.1"
DATA = "/var/lib/kafka/data"
CONFIGURATION = "/mnt/shared/config/server.properties"
FORMAT_ARGUMENTS = "/mnt/shared/config/format.arguments"  # Java reads them, so that no list of processes shows them
START = f"""
set -e
run=/opt/kafka/bin/kafka-run-class.sh
[ -f {DATA}/meta.properties ] || $run @{FORMAT_ARGUMENTS} > /dev/null
exec $run kafka.Kafka {CONFIGURATION}
"""
ENVIRONMENT = {
    "LOG_DIR": "/tmp",  # where the tools' scripts keep files of their own
    "KAFKA_HEAP_OPTS": "-Xmx512m",
    # C1 alone starts in half the time; a broker of this size is short of disk before it is short of code.
    "KAFKA_JVM_PERFORMANCE_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true",
}
CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"  # names the cluster and is no secret
LOST_PORT = "Address already in use"
PAUSE_S = 0.2
START_TIMEOUT_S = 240  # twice Java without the embedded broker's start-up cache, and cores that much else waits for


class KafkaContainer(Restartable):
    """A broker of one run. The address stays the same over restarts."""

    def __init__(self, run: RunFolder, name: str = "kafka") -> None:
        self._run = run
        self._ports: tuple[int, int] | None = None
        self._passwords = {SUPER_USER: secrets.token_urlsafe(32), BROKER: secrets.token_urlsafe(32)}

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        assert self._ports is not None, "not started"
        return f"{LOOPBACK}:{self._ports[0]}"

    @property
    def admin(self) -> KafkaSettings:
        """How its super user reaches it."""
        return self._admin_at(self.bootstrap)

    def start(self) -> None:
        """Formats its storage on the first call, starts the broker, and returns when it serves clients.

        Raises Trouble with the end of its log when it does not start.
        """
        for _ in range(START_ATTEMPTS):  # another process may win a port between our look and the broker's bind
            ports = self._ports or (free_port(), free_port())
            server = self._begin(ports)
            wait_until(partial(self._serves_or_ended, server, ports[0]), START_TIMEOUT_S, "Apache Kafka")
            if server.running:
                self._ports, self._server = ports, server
                return
            if LOST_PORT not in server.said(200):
                break
            if self._ports is None:
                server.remove()
            time.sleep(PAUSE_S)
        raise Trouble(f"Apache Kafka did not start; the end of what it said:\n{server.said()}")

    def _admin_at(self, bootstrap: str) -> KafkaSettings:
        return KafkaSettings(
            bootstrap=(bootstrap,),
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism="SCRAM-SHA-512",
            username=SUPER_USER,
            password=SecretStr(self._passwords[SUPER_USER]),
        )

    def _begin(self, ports: tuple[int, int]) -> Server:
        if self._server is not None:
            self._server.start()
            return self._server
        container = container_of(self._run.path, IMAGE).with_envs(**ENVIRONMENT).with_command(["bash", "-c", START])
        container.with_copy_into_container(self._configuration(ports).encode(), CONFIGURATION)
        container.with_copy_into_container(self._format_arguments().encode(), FORMAT_ARGUMENTS)
        return Server(container)

    def _configuration(self, ports: tuple[int, int]) -> str:
        clients, controller = ports
        settings = {
            **SETTINGS,
            "log.dirs": DATA,
            "listeners": f"CLIENTS://{LOOPBACK}:{clients},CONTROLLER://{LOOPBACK}:{controller}",
            "advertised.listeners": f"CLIENTS://{LOOPBACK}:{clients}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
            "listener.name.clients.scram-sha-512.sasl.jaas.config": self._login(SCRAM),
            "listener.name.controller.plain.sasl.jaas.config": self._login(PLAIN, f"user_{BROKER}"),
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _login(self, module: str, *also_as: str) -> str:
        """How the broker proves its own name, and by `also_as` which password it takes for it."""
        password = self._passwords[BROKER]
        taken = "".join(f' {option}="{password}"' for option in also_as)
        return f'{module} required username="{BROKER}" password="{password}"{taken};'

    def _format_arguments(self) -> str:
        users = [f"--add-scram SCRAM-SHA-512=[name={name},password={word}]" for name, word in self._passwords.items()]
        words = ["kafka.tools.StorageTool format", f"--cluster-id {CLUSTER_ID} --config {CONFIGURATION}", *users]
        return "\n".join(words) + "\n"

    def _serves_or_ended(self, server: Server, port: int) -> bool:
        return (answers(port) and self._serves(port)) or not server.running

    def _serves(self, port: int) -> bool:
        """Nobody else's broker on that port would take this password."""
        from shared.messaging.kafka.standing import Standing  # here, because the import takes 0.3 s

        try:
            Standing.of(self._admin_at(f"{LOOPBACK}:{port}"), ())
        except (Weather, KafkaProblem):
            return False
        return True
