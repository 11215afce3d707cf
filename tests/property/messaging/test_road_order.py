"""Any cut into batches, any repetition, any lateness: each message has its effect once, in the order of its entity."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.cluster import Cluster
from shared.contracts.catalog import TOP_UP_COMMANDS
from shared.messaging import parking
from shared.messaging.arrivals import arrive
from shared.messaging.batch import Road
from shared.messaging.clock import SystemClock
from shared.messaging.log import Place
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.postgres.migrations import migrate
from tests.integration.messaging.builders import command
from tests.integration.messaging.road_service import COMMANDS, MIGRATIONS, SCHEMA, SERVICE, Notebook
from tests.integration.messaging.road_world import event
from tests.stack.database import Database

PLACE = Place(TOP_UP_COMMANDS.name, 0)
WORKSPACES = ("w1", "w2")
PEOPLE = ("late-1", "late-2", "u3")  # the first two are not known before they are told of


@dataclass(frozen=True)
class Stored:
    """A record as a broker would give it."""

    offset: int
    value: bytes
    timestamp: int = 1_767_225_600_000
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass(frozen=True)
class Send:
    workspace: int
    person: int
    number: int


@dataclass(frozen=True)
class Tell:
    """The directory tells of a person."""

    person: int


@dataclass(frozen=True)
class Cut:
    """The end of a batch; `retry` says whether the parked ones are tried before the next one."""

    retry: bool


STEPS = st.lists(
    st.one_of(
        st.builds(Send, st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)),
        st.builds(Send, st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)),
        st.builds(Send, st.integers(0, 1), st.integers(0, 2), st.integers(0, 3)),
        st.builds(Tell, st.integers(0, 1)),
        st.builds(Cut, st.booleans()),
    ),
    max_size=60,
)


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    made = Database(cluster, f"order_{uuid.uuid4().hex[:8]}")
    cluster.create(made.name)
    migrate(made.migrator_url(SCHEMA), SCHEMA, (RUNTIME_MIGRATIONS, MIGRATIONS))
    yield made
    cluster.drop(made.name)


class Lane:
    """The lane's part, without Kafka: carries what is sent, retries what is parked."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.road: Road[Notebook] = Road(SERVICE, COMMANDS, Notebook, SystemClock())
        self.offset = 0

    def carry(self, batch: Sequence[Stored]) -> None:
        if batch:
            arrivals = [arrive(TOP_UP_COMMANDS, PLACE, record, {}) for record in batch]
            next_ = batch[-1].offset + 1
            self.road.carry(self.connection, arrivals, {PLACE: self.offset}, {PLACE: next_}, some_wait=True)
            self.offset = next_

    def retry(self) -> None:
        heads, others = parking.queues(parking.read(self.connection, COMMANDS.name, [PLACE]))
        blocked: dict[parking.Entity, str] = {}
        for rows in (heads, others):
            todo = [row for row in rows if (row.place, row.entity) not in blocked]
            outcome = self.road.retry(self.connection, todo, {PLACE: self.offset}, {}, blocked)
            blocked.update(dict.fromkeys(outcome.entities_waiting, "its turn"))


def tell(connection: psycopg.Connection, person: int) -> None:
    connection.execute("INSERT INTO known VALUES (%s) ON CONFLICT DO NOTHING", (PEOPLE[person],))


def play(steps: Sequence[Send | Tell | Cut], connection: psycopg.Connection) -> None:
    lane = Lane(connection)
    batch: list[Stored] = []
    offset = 0
    for step in steps:
        if isinstance(step, Send):
            batch.append(Stored(offset, event(command(WORKSPACES[step.workspace], step.number, PEOPLE[step.person]))))
            offset += 1
        elif isinstance(step, Tell):
            tell(connection, step.person)
        else:
            lane.carry(batch)
            batch = []
            if step.retry:
                lane.retry()
    lane.carry(batch)
    for person in range(2):
        tell(connection, person)
    lane.retry()


@given(STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_message_once_and_in_the_order_of_its_entity(
    database: Database, steps: Sequence[Send | Tell | Cut]
) -> None:
    with psycopg.connect(database.migrator_url(SCHEMA), autocommit=True) as owner:
        owner.execute(
            f"TRUNCATE {', '.join(f'{SCHEMA}.{t}' for t in ('notebook', 'known', 'inbox', 'outbox', 'parked'))}"
        )
        owner.execute(f"DELETE FROM {SCHEMA}.offsets")
    options = f"-c search_path={SCHEMA}"
    with psycopg.connect(database.worker_url(SCHEMA), autocommit=True, options=options) as connection:
        first = {"lane": COMMANDS.name, "topic": PLACE.topic}
        connection.execute("INSERT INTO offsets VALUES (%(lane)s, %(topic)s, 0, 0)", first)

        play(steps, connection)

        lines = connection.execute("SELECT entity, record_offset FROM notebook ORDER BY line").fetchall()
        assert connection.execute("SELECT count(*) FROM parked").fetchone() == (0,)
        answers = connection.execute("SELECT count(DISTINCT event_id), count(*) FROM outbox").fetchone()
    sent = [step for step in steps if isinstance(step, Send)]
    first_sent = [number for number, step in enumerate(sent) if step not in sent[:number]]
    assert sorted(offset for _, offset in lines) == first_sent
    for entity in WORKSPACES:
        own = [offset for name, offset in lines if name == entity]
        assert own == sorted(own)
    assert answers == (len(first_sent), len(first_sent))
