"""What was erased leaves the log: every partition is written to, by messages that erase nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from deploy.kafka.erasure import BOUNDED, key_of
from deploy.local.environment import kafka_environment
from deploy.local.run_folder import PROJECT
from shared.contracts.catalog import WORKSPACE_CONTACT
from shared.contracts.decode import Tombstone, decode
from shared.contracts.workspace import ContactChanged
from shared.messaging.kafka import bounds_of
from shared.messaging.settings import KafkaSettings
from shared.messaging.topic_setup import create_topics
from tests.stack.topics import delete_topics


@pytest.fixture
def kafka(kafka_broker: KafkaSettings) -> Iterator[KafkaSettings]:
    """The super user, and contacts under a prefix of this test's own, with as many partitions as in earnest."""
    kafka = replace(kafka_broker, prefix=f"erasure-{uuid.uuid4().hex[:8]}.")
    create_topics(kafka, BOUNDED)
    yield kafka
    delete_topics(kafka)


@pytest.mark.case(23)
def test_every_partition_of_what_holds_people_is_written_to(kafka: KafkaSettings) -> None:
    assert BOUNDED == (WORKSPACE_CONTACT,)
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.kafka.erasure"],
        cwd=PROJECT,
        env={**os.environ, **kafka_environment(kafka)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "workspace.contact.v1: 12 partitions\n"), ended.stderr
    assert all(end > first for first, end in bounds_of(kafka, [WORKSPACE_CONTACT.name]).values())


def test_what_is_written_can_be_read_and_is_nobodys() -> None:
    (element,) = decode(WORKSPACE_CONTACT, key_of(7), None, ())
    assert element == Tombstone("erasure/7")
    with pytest.raises(ValidationError):
        ContactChanged(user_id="erasure/7", name="x", email="x@y.z", version=1)
