"""What stands between a worker and its topics is said in words, not as a time-out."""

from __future__ import annotations

from dataclasses import replace

from psycopg.conninfo import conninfo_to_dict

from deploy.local.ports import free_port
from shared.contracts.catalog import TOP_UP, TOP_UP_COMMANDS
from shared.messaging.topic_setup import missing
from tests.integration.messaging.road_world import World


def test_nothing_is_missing_where_all_is_there(world: World) -> None:
    assert missing(world.settings, [TOP_UP, TOP_UP_COMMANDS]) is None


def test_a_missing_topic_is_named_as_the_broker_names_it(world: World) -> None:
    absent = replace(TOP_UP, name="no.such.topic.v1")

    said = missing(world.settings, [TOP_UP, absent])

    assert said is not None
    assert f"{world.settings.prefix}no.such.topic.v1" in said
    assert TOP_UP.name not in said


def test_an_address_where_nobody_listens_is_told_from_a_wrong_one(world: World, postgres_server: str) -> None:
    nobody = replace(world.settings, bootstrap=(f"127.0.0.1:{free_port()}",))
    postgres = conninfo_to_dict(postgres_server)
    stranger = replace(world.settings, bootstrap=(f"{postgres['host']}:{postgres['port']}",))

    assert "nobody listens" in (missing(nobody, [TOP_UP]) or "")
    assert "not as Kafka" in (missing(stranger, [TOP_UP]) or "")
