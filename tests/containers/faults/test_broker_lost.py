"""Three brokers, and the one that leads most of the work is killed: the other two go on."""

from __future__ import annotations

import pytest

from tests.containers.faults.cluster import Brokers
from tests.containers.faults.stage import Stage

pytestmark = [
    pytest.mark.timeout(900),
]


@pytest.mark.case(21)
def test_the_killed_leader_of_the_busiest_partition_is_replaced_and_nothing_is_lost(cluster_stage: Stage) -> None:
    stage = cluster_stage
    brokers = Brokers(stage.kafka("admin"))
    with stage.trial("docker kill of the busiest partition's leader") as trial:
        place, leader = brokers.leader_of_the_busiest()
        trial.strike()
        stage.project.kill(f"kafka-{leader}")

        # Two of three brokers are enough: all goes on while the third is dead, under another leader.
        trial.flows("with two brokers")
        assert brokers.leader_of(place) != leader
        stage.project.start(f"kafka-{leader}")
        trial.pass_by()

        trial.flows("with three brokers again")
        brokers.wait_until_whole()
