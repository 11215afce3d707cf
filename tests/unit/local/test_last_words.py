"""Of a worker that ended, its own words are shown, and nobody guesses."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from rich.console import Console

from deploy.local.last_words import last_words
from deploy.local.up import _workers_go_on
from deploy.local.world import World

STARTING = '{"event": "worker.starting", "level": "info", "time": "2026-01-02T03:04:05.000000Z"}'
FAILED = (
    '{"event": "worker.failed", "level": "error", "time": "2026-01-02T03:04:06.000000Z", "service": "billing",'
    ' "part": "relay", "reason": "KafkaProblem: TopicAuthorizationFailedError: refill.[x]"}'
)
STOPPED = '{"event": "worker.stopped", "level": "info", "time": "2026-01-02T03:04:07.000000Z"}'
SETTINGS = "1 setting is missing or wrong:\n  REFILL_STRIPE_API_KEY is missing; wanted: the key"
OWN_WORDS = "part=relay reason=KafkaProblem: TopicAuthorizationFailedError: refill.[x]"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ([STARTING, FAILED, STOPPED], f"03:04:06.000 worker.failed {OWN_WORDS}"),
        ([STARTING, FAILED, STOPPED, SETTINGS], SETTINGS),
        ([STARTING, STOPPED], "03:04:07.000 worker.stopped"),
        ([], "nothing"),
    ],
    ids=["Kafka's refusal", "settings", "no error", "silence"],
)
def test_the_last_words_are_what_the_worker_said_about_its_end(tmp_path: Path, log: list[str], said: str) -> None:
    path = tmp_path / "billing.log"
    path.write_text("".join(f"{line}\n" for line in log))

    assert last_words(path) == said


def test_a_worker_that_kafka_refuses_is_not_said_to_refuse_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "billing.log"
    path.write_text(f"{STARTING}\n{FAILED}\n{STOPPED}\n")
    worker = SimpleNamespace(running=False, exit_code=78, service="billing", log=path)
    shown = io.StringIO()

    goes_on = _workers_go_on(Console(file=shown, width=80), cast(World, SimpleNamespace(workers={"billing": worker})))

    assert not goes_on
    assert OWN_WORDS in shown.getvalue()
    assert "settings" not in shown.getvalue()
