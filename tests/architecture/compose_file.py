"""The compose files as the architecture tests read them, the second one on its own."""

from __future__ import annotations

from typing import Any

import yaml

from tests.architecture.checkout import ROOT

Service = dict[str, Any]


class Overlay(yaml.SafeLoader):
    """Knows compose's own tags: `!reset` takes away, `!override` replaces; both are read as plain values here."""


def _plain(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return None


Overlay.add_constructor("!reset", _plain)
Overlay.add_constructor("!override", _plain)


def read(name: str) -> dict[str, Any]:
    """A compose file, with its anchors resolved."""
    text = (ROOT / name).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Overlay)
    return document


SINGLE = read("docker-compose.yml")
CLUSTER = read("deploy/compose.cluster.yml")

SERVICES: dict[str, Service] = SINGLE["services"]
BROKERS: dict[str, Service] = {name: CLUSTER["services"][name] for name in ("kafka-1", "kafka-2", "kafka-3")}
EVERY: dict[str, Service] = {**SERVICES, **BROKERS}

JOBS = (
    "kafka-access",
    "topics",
    "roles",
    "migrate-billing",
    "migrate-credit-ledger",
    "migrate-notification",
)
DAILY = ("prune-billing", "prune-credit-ledger", "prune-notification")
"""Jobs that `up` does not start: the machine's scheduler does."""
WORKERS = ("billing", "credit-ledger", "notification")
SERVERS = tuple(name for name in EVERY if name not in (*JOBS, *DAILY, *WORKERS))
