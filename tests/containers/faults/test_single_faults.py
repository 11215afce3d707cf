"""Every server and every worker is killed, frozen or cut off under load: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import time

import pytest

from deploy.compose.engine import LOOK_EVERY_S, docker
from tests.containers.faults.stage import PATIENCE_S, Stage
from tests.e2e.waiting import wait_until

pytestmark = [
    pytest.mark.timeout(900),  # a whole project starts, and faults last as long as they must
]

DOWN_S = 3  # a supervisor's pause before it starts again what died
LONGER_THAN_A_SESSION_S = 15  # a member is thrown out of its group after 6 s
CUT_OFF_S = 60


@pytest.mark.case(21)
def test_a_broker_that_is_killed_and_started_again_costs_nothing(stage: Stage) -> None:
    with stage.trial("docker kill of the broker, started 3 s later") as trial:
        trial.strike()
        stage.project.kill("kafka")
        time.sleep(DOWN_S)
        stage.project.start("kafka")
        trial.pass_by()

        trial.flows("after the broker's return")


@pytest.mark.case(11)
@pytest.mark.parametrize("number", ["KILL", "QUIT"])
def test_a_database_that_ends_at_once_and_is_started_again_costs_nothing(stage: Stage, number: str) -> None:
    """SIGQUIT is PostgreSQL's immediate shutdown; SIGKILL leaves it no moment at all."""
    with stage.trial(f"docker kill of PostgreSQL (SIG{number}), started 3 s later") as trial:
        trial.strike()
        stage.project.kill("postgres", number)
        wait_until(
            lambda: not stage.project.container("postgres").running, "PostgreSQL is down", PATIENCE_S, LOOK_EVERY_S
        )
        time.sleep(DOWN_S)
        stage.project.start("postgres")
        trial.pass_by()

        trial.flows("after PostgreSQL's return")


@pytest.mark.case(1, 6, 24)
@pytest.mark.parametrize("service", ["billing", "credit-ledger", "notification"])
def test_a_worker_that_is_killed_and_started_again_costs_nothing(stage: Stage, service: str) -> None:
    with stage.trial(f"docker kill of {service}, started 3 s later") as trial:
        trial.strike()
        stage.project.kill(service)
        time.sleep(DOWN_S)
        stage.project.start(service)
        trial.pass_by()

        trial.flows("after the worker's return")
        stage.project.wait_healthy(service)


@pytest.mark.case(20, 25)
def test_a_frozen_ledger_is_replaced_by_its_twin_and_changes_nothing_when_it_wakes_up(stage: Stage) -> None:
    with stage.trial("docker pause of one of two credit-ledgers") as trial:
        frozen = stage.project.containers("credit-ledger")[0]
        trial.strike()
        docker("pause", frozen.id)
        try:
            # The other one takes over every partition: whatever was sent meanwhile is done while this one sleeps.
            time.sleep(LONGER_THAN_A_SESSION_S)
            sent = [usage.usage_id for usage in trial.traffic.memory.usages_of("refused")]
            wait_until(
                lambda: set(sent) <= trial.answered().keys(),
                "the twin has answered all usage",
                PATIENCE_S,
                LOOK_EVERY_S,
            )
        finally:
            docker("unpause", frozen.id)
            trial.pass_by()

        trial.flows("after the awakening")
        stage.project.wait_healthy("credit-ledger")


@pytest.mark.case(21)
def test_billing_cut_off_from_everything_for_a_minute_catches_up_and_the_others_go_on_meanwhile(stage: Stage) -> None:
    with stage.trial("docker network disconnect of billing") as trial:
        trial.strike()
        pulled = stage.project.disconnect("billing")
        try:
            cut_off = time.monotonic()
            trial.flows("while billing is cut off", purchases=False)
            time.sleep(max(0.0, cut_off + CUT_OFF_S - time.monotonic()))
            assert trial.credited_since(cut_off) == 0  # else it was not cut off
        finally:
            stage.project.connect(pulled)
            trial.pass_by()

        trial.flows("after billing's return")
        stage.project.wait_healthy("billing")
