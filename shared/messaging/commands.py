"""What a person does to a service's database by a command of its worker. Each gives back its answer in words."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from pydantic import Field, create_model
from pydantic_settings import BaseSettings

from shared.messaging import inbox, leases, quarantine
from shared.messaging.clock import SystemClock
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.messaging.settings import PREFIX, DatabaseUrl, WorkerSettings, load_settings
from shared.postgres.migrations import migrate
from shared.postgres.pool import Database
from shared.postgres.queries import load


def bring_up_to_date(home: Path) -> str:
    """Apply the migrations of the service in this folder, whose name is its schema's."""
    applied = migrate(_owners_url(home), home.name, (RUNTIME_MIGRATIONS, home / "migrations"))
    return "\n".join(f"applied {name}" for name in applied) or "nothing to apply"


def prune(home: Path) -> str:
    """Forget envelopes that cannot come again, and what the service's own `prune.sql` names. To be run once a day;
    running workers are not disturbed."""
    now = SystemClock().now()
    own = home / "prune.sql"
    with Database(_owners_url(home), "refill-command", home.name).connect() as connection:
        count = inbox.prune(connection, now)
        forgotten = [f"forgot {count} envelopes older than {inbox.KEPT.days} days"]
        for table, delete in (load(own) if own.exists() else {}).items():
            count = connection.execute(delete, {"now": now}).rowcount
            forgotten.append(f"forgot {count} rows of {table}")
    return "\n".join(forgotten)


def set_aside(settings: WorkerSettings, schema: str, arguments: argparse.Namespace) -> str:
    """Have one message sent to the dead letters."""
    with _connected(settings, schema) as connection:
        place = (arguments.topic, arguments.partition, arguments.offset)
        new = quarantine.set_aside(connection, *place, who=arguments.who, reason=arguments.reason)
    done = "will go to the dead letters when the worker is started again" if new else "was set aside before"
    return "{}[{}]@{} {}".format(*place, done)


def resume(settings: WorkerSettings, schema: str, arguments: argparse.Namespace) -> str:
    """Let stuck timers try again."""
    with _connected(settings, schema) as connection:
        resumed = leases.resume(connection, arguments.kind, arguments.ref, SystemClock().now())
    return "\n".join(f"resumed {kind} {ref}" for kind, ref in resumed) or "nothing was stuck"


def _owners_url(home: Path) -> str:
    """The address of the migrator role. Raises `SettingsProblem`."""
    variable = f"{PREFIX}{home.name.upper()}_MIGRATOR_DATABASE_URL"
    field = Field(validation_alias=variable, description="the PostgreSQL address of the role that owns the schema")
    settings = load_settings(create_model("MigratorSettings", __base__=BaseSettings, url=(DatabaseUrl, field)))
    url: DatabaseUrl = getattr(settings, "url")  # noqa: B009 - the model is made here, mypy cannot know its field
    return url.get_secret_value()


def _connected(settings: WorkerSettings, schema: str) -> psycopg.Connection:
    """A connection whose `with` block commits at its end and closes."""
    return Database(settings.database_url.get_secret_value(), "refill-command", schema).connect()


AS_THE_OWNER: Mapping[str, Callable[[Path], str]] = {"migrate": bring_up_to_date, "prune": prune}
ON_THE_DATABASE: Mapping[str, Callable[[WorkerSettings, str, argparse.Namespace], str]] = {
    "quarantine": set_aside,
    "resume": resume,
}
