"""The shared fixtures give real servers."""

import psycopg
from kafka import KafkaAdminClient

from deploy.postgres.roles import SERVICES
from tests.stack.database import Database


def test_a_worker_enters_its_own_schema_and_no_other(database: Database) -> None:
    for service in SERVICES:
        with psycopg.connect(database.migrator_url(service)) as connection:
            connection.execute("CREATE TABLE thing (id int)")
            connection.execute(f"GRANT SELECT ON thing TO {service}_worker")
        with psycopg.connect(database.worker_url(service)) as connection:
            assert connection.execute("SELECT count(*) FROM thing").fetchone() == (0,)


def test_the_broker_answers(kafka_broker: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka_broker)
    try:
        assert len(admin.describe_cluster()["brokers"]) == 1
    finally:
        admin.close()
