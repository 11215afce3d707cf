"""Recognisable secrets and people, and the search for them in everything that a system has written."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from shared.messaging.settings import KafkaSettings

# What Stripe gives a browser to finish a payment with: worth a payment to whoever has it.
CLIENT_SECRET = re.compile(rb"\b(?:pi|seti|src)_\w+_secret_\w+")
# By the kind of a key a reader knows what it is, so it may stand anywhere.
KIND_OF_KEY = re.compile(r"^(?:[rs]k_(?:test|live)|whsec)_")
SHORTEST = 8  # shorter ones would be found where nobody wrote them


@dataclass(frozen=True)
class Canary:
    """A text that is written nowhere else in the world, and the places (by their beginning) where it may stand."""

    what: str
    text: str
    allowed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.text) >= SHORTEST, f"{self.what} is too short to be recognised"

    def stands_in(self, content: bytes) -> bool:
        """In any form that a careless program would give it."""
        return any(form in content for form in _forms(self.text))


@dataclass(frozen=True)
class Written:
    """Something that was written, and where: `log/billing.log`, `topic/billing.catalog.v1`, `table/billing.inbox`."""

    place: str
    content: bytes


def leaks(canaries: Iterable[Canary], writings: Iterable[Written], processor: tuple[str, ...]) -> list[str]:
    """Every canary that stands where it may not, as a sentence with the place and without the canary.

    `processor`: the places of the payment processor's own, which alone may know client secrets.
    """
    watched = list(canaries)
    found: set[str] = set()
    for written in writings:
        for canary in watched:
            if not written.place.startswith(canary.allowed) and canary.stands_in(written.content):
                found.add(f"{canary.what} stands in {written.place}")
        if not written.place.startswith(processor) and CLIENT_SECRET.search(written.content):
            found.add(f"a client secret stands in {written.place}")
    return sorted(found)


def secrets_in(environment: Mapping[str, str]) -> list[Canary]:
    """Every password and key in the settings of a process."""
    found = []
    for name, value in environment.items():
        if name.endswith("DATABASE_URL"):
            found.append(Canary(f"the password in {name}", str(conninfo_to_dict(value)["password"])))
        elif name.endswith(("PASSWORD", "KEY", "SECRET")):
            found.append(Canary(name, KIND_OF_KEY.sub("", value)))
    return found


def files(folder: Path, kind: str, *, besides: tuple[Path, ...] = (), pattern: str = "*") -> Iterator[Written]:
    """Every file in a folder, at any depth. What goes while it is walked, because its owner ends, is not there."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if Path(root, name) not in besides)
        for path in (Path(root, name) for name in sorted(names) if fnmatch(name, pattern)):
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield Written(f"{kind}/{path.relative_to(folder)}", path.read_bytes())


def records(admin: KafkaSettings) -> Iterator[Written]:
    """Every record of every topic under the prefix, key, value and headers: by a reader that is none of ours."""
    from kafka import KafkaConsumer, TopicPartition  # not with this module: runs without Kafka load it, too

    assert admin.password
    consumer = KafkaConsumer(
        bootstrap_servers=list(admin.bootstrap),
        security_protocol=admin.security_protocol,
        sasl_mechanism=admin.sasl_mechanism,
        sasl_plain_username=admin.username,
        sasl_plain_password=admin.password.get_secret_value(),
        enable_auto_commit=False,
    )
    try:
        topics = sorted(topic for topic in consumer.topics() if topic.startswith(admin.prefix))
        places = [TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic)]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        consumer.seek_to_beginning(*places)
        while any(consumer.position(place) < ends[place] for place in places):
            for batch in consumer.poll(timeout_ms=500).values():
                for record in batch:
                    yield Written(f"topic/{record.topic.removeprefix(admin.prefix)}", _bytes_of(record))
    finally:
        consumer.close()


def rows(superuser_url: str) -> Iterator[Written]:
    """Every row of every table outside the system's own schemas."""
    with psycopg.connect(superuser_url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema$)' ORDER BY 1, 2"
        ).fetchall()
        for name in tables:
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*name))):
                yield Written(f"table/{'.'.join(name)}", b"\n".join(map(_cell, row)))


def _bytes_of(record: Any) -> bytes:
    headers = [part for name, value in record.headers for part in (name.encode(), value or b"")]
    return b"\n".join([record.key or b"", record.value or b"", *headers])


def _cell(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str).encode()
    return str(value).encode()


def _forms(text: str) -> set[bytes]:
    plain = text.encode()
    in_json = json.dumps(text)[1:-1].encode()
    return {plain, in_json, plain.hex().encode(), quote(text, safe="").encode(), *_in_base64(plain)}


def _in_base64(plain: bytes) -> Iterator[bytes]:
    """As it looks in the middle of something larger: what depends on the neighbours is cut off."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + plain)
        whole = slice(-(-before * 8 // 6), (before + len(plain)) * 8 // 6)
        yield encoded[whole]
        yield base64.urlsafe_b64encode(b"\0" * before + plain)[whole]
