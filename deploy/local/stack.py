"""The whole embedded stack for one story: a PostgreSQL server, a Kafka broker and the world on them."""

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from deploy.local.cluster import Cluster
from deploy.local.kafka import KafkaBroker
from deploy.local.postgres import PostgresServer
from deploy.local.run_folder import RunFolder
from deploy.local.world import World

DATABASE = "refill"


class Stack:
    """Started as a context manager; leaving it stops everything, workers first. The run's guard stands behind it."""

    def __init__(self, run: RunFolder, *, briefly: bool = False) -> None:
        """`briefly` when nobody works with it for longer than minutes, see `KafkaBroker`."""
        self.run = run
        self.postgres = PostgresServer(run)
        self.kafka = KafkaBroker(run, briefly=briefly)
        self._world: World | None = None

    @property
    def world(self) -> World:
        assert self._world is not None, "not started"
        return self._world

    def start(self) -> None:
        """Starts both servers side by side, then the world without its workers. Raises Trouble; stop() even then."""
        with ThreadPoolExecutor(2) as pool:
            for started in [pool.submit(self.postgres.start), pool.submit(self.kafka.start)]:
                started.result()
        self._world = World(self.run, self.kafka.admin, Cluster(self.postgres.url), database=DATABASE)
        self._world.start()

    def stop(self) -> None:
        """Stops what was started, in the order in which each part can still say goodbye to the next."""
        if self._world is not None:
            self._world.stop()
        self.kafka.stop()
        self.postgres.stop()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
