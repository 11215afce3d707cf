"""A small service for the tests of the road: it writes down what it is given, in order, and answers each request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from shared.contracts.catalog import (
    LEDGER_BALANCE,
    PRODUCT_USAGE,
    TOP_UP,
    TOP_UP_COMMANDS,
    WORKSPACE_CONTACT,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.decode import Tombstone
from shared.contracts.product import UsageReported
from shared.contracts.top_up_commands import CancelRequest
from shared.contracts.top_up_events import RequestCancelled
from shared.contracts.workspace import ContactChanged, MemberChanged, WorkspaceChanged
from shared.messaging.work import Effect, Lane, Once, Outgoing, Park, Reaction, Received, Work

SERVICE = "billing"
SCHEMA = "billing"
MIGRATIONS = Path(__file__).with_name("migrations")
TOPICS = (WORKSPACE_DIRECTORY, WORKSPACE_CONTACT, TOP_UP_COMMANDS, TOP_UP, PRODUCT_USAGE, LEDGER_BALANCE)
BUG = "wsbug"
"""A workspace whose messages no handler here manages."""
LATE = "late-"
"""Commands for workspaces of this name, or by people of it, wait until the directory has told of them."""


class Notebook:
    """The repository of these tests."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def write(self, received: Received[Any], entity: str, note: str) -> None:
        place = (received.topic, received.partition, received.offset, received.element)
        columns = "topic, partition, record_offset, element, entity, note"
        insert = f"INSERT INTO notebook ({columns}) VALUES (%s, %s, %s, %s, %s, %s)"
        self.connection.execute(insert, (*place, entity, note))

    def know(self, workspace: str) -> None:
        self.connection.execute("INSERT INTO known VALUES (%s) ON CONFLICT DO NOTHING", (workspace,))

    def knows(self, workspace: str) -> bool:
        return self.connection.execute("SELECT FROM known WHERE workspace = %s", (workspace,)).rowcount == 1


def note_workspaces(batch: Sequence[Received[WorkspaceChanged]], work: Work[Notebook]) -> Iterable[Effect]:
    for received in batch:
        if received.message.workspace_id == BUG:
            raise ZeroDivisionError("a handler's bug")
        work.repository.write(received, received.message.key(), received.message.name)
        work.repository.know(received.message.workspace_id)
    return []


def note_any(batch: Sequence[Received[Any]], work: Work[Notebook]) -> Iterable[Effect]:
    for received in batch:
        entity = received.message.key if isinstance(received.message, Tombstone) else received.message.key()
        work.repository.write(received, entity, type(received.message).__name__)
    return []


def answer_commands(batch: Sequence[Received[CancelRequest]], work: Work[Notebook]) -> Iterable[Effect]:
    """Parks what is for an unknown workspace; answers the others, and what may wait no longer."""
    effects: list[Effect] = []
    for received in batch:
        command = received.message
        if command.workspace_id == BUG:
            raise ZeroDivisionError("a handler's bug")
        named = (command.workspace_id, command.actor_id)
        known = all(work.repository.knows(name) for name in named if name.startswith(LATE))
        if not known and received.may_wait:
            effects.append(Park(received, f"one of {named}"))
            continue
        work.repository.write(received, command.workspace_id, "answered" if known else "refused")
        answer = RequestCancelled(
            request_id=command.request_id, workspace_id=command.workspace_id, asker_id=command.actor_id
        )
        effects.append(Outgoing(TOP_UP, answer, received.cause))
    return effects


def note_usage(batch: Sequence[Received[UsageReported]], work: Work[Notebook]) -> Iterable[Effect]:
    for received in batch:
        work.repository.write(received, received.message.workspace_id, received.message.usage_id)
    return []


def note_balances(batch: Sequence[Received[BalanceChanged]], work: Work[Notebook]) -> Iterable[Effect]:
    return note_any(batch, work)


DIRECTORY: Lane[Notebook] = Lane(
    "directory",
    (
        Reaction(WORKSPACE_DIRECTORY, WorkspaceChanged, note_workspaces, Once.INBOX),
        Reaction(WORKSPACE_DIRECTORY, MemberChanged, note_any, Once.INBOX),
        Reaction(WORKSPACE_DIRECTORY, Tombstone, note_any, Once.VERSION),
        Reaction(WORKSPACE_CONTACT, ContactChanged, note_any, Once.VERSION),
    ),
)
COMMANDS: Lane[Notebook] = Lane("commands", (Reaction(TOP_UP_COMMANDS, CancelRequest, answer_commands, Once.INBOX),))
AFTER_DIRECTORY: Lane[Notebook] = Lane(
    "commands",
    (Reaction(TOP_UP_COMMANDS, CancelRequest, answer_commands, Once.INBOX),),
    after=(WORKSPACE_DIRECTORY,),
)
USAGE: Lane[Notebook] = Lane("usage", (Reaction(PRODUCT_USAGE, UsageReported, note_usage, Once.INBOX),))
BALANCES: Lane[Notebook] = Lane("balances", (Reaction(LEDGER_BALANCE, BalanceChanged, note_balances, Once.VERSION),))
