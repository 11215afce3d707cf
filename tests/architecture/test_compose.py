"""The compose files: every service locked down, each with its own secrets and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from deploy.compose import secrets
from shared.contracts.catalog import PARTIES
from tests.architecture.checkout import ROOT
from tests.architecture.compose_file import (
    BROKERS,
    CLUSTER,
    DAILY,
    EVERY,
    JOBS,
    SERVERS,
    SERVICES,
    SINGLE,
    WORKERS,
    Service,
)

services = pytest.mark.parametrize(("name", "service"), EVERY.items(), ids=EVERY)

OWN_SECRETS = {
    "kafka": {"kafka-admin-password", "kafka-broker-password"},
    "kafka-1": {"kafka-admin-password", "kafka-broker-password"},
    "kafka-2": {"kafka-admin-password", "kafka-broker-password"},
    "kafka-3": {"kafka-admin-password", "kafka-broker-password"},
    "postgres": {"postgres-admin-password"},
    "maildev": set(),
    "stripe-sandbox": {"stripe-webhook-secret"},
    "kafka-access": {"kafka-admin-password", *(f"kafka-{party}-password" for party in PARTIES)},
    "topics": {"kafka-admin-password"},
    "roles": {"postgres-admin-url", *(name for name in secrets.secrets(Path()) if name.endswith("-database-url"))},
    "migrate-billing": {"billing-migrator-database-url"},
    "migrate-credit-ledger": {"credit-ledger-migrator-database-url"},
    "migrate-notification": {"notification-migrator-database-url"},
    "prune-billing": {"billing-migrator-database-url"},
    "prune-credit-ledger": {"credit-ledger-migrator-database-url"},
    "prune-notification": {"notification-migrator-database-url"},
    "billing": {"kafka-billing-password", "billing-database-url", "stripe-api-key", "stripe-webhook-secret"},
    "credit-ledger": {"kafka-credit-ledger-password", "credit-ledger-database-url"},
    "notification": {"kafka-notification-password", "notification-database-url"},
}
"""By hand: who may know what. The super users' are the servers' own and the jobs'."""

SECRET_NAMED = re.compile(r"PASSWORD|SECRET|API_KEY|DATABASE_URL|ADMIN_URL")


@services
def test_a_service_is_not_root_and_can_become_nobody_else(name: str, service: Service) -> None:
    assert service["user"] in ("10001:10001", "1000:1000", "postgres", "node")
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")


@services
def test_a_service_writes_to_its_volumes_and_to_memory_only(name: str, service: Service) -> None:
    assert service["read_only"] is True
    assert all("size=" in place for place in service["tmpfs"]), "memory without a limit"
    for volume in service.get("volumes", []):
        source, _, rest = volume.partition(":")
        assert source in (*SINGLE["volumes"], *CLUSTER["volumes"]) or rest.endswith(":ro"), volume


@services
def test_a_service_cannot_take_the_whole_machine(name: str, service: Service) -> None:
    assert re.fullmatch(r"\d+m", service["mem_limit"])
    assert service["pids_limit"] <= 256
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


def test_a_broker_of_three_has_384_megabytes() -> None:
    assert {service["mem_limit"] for service in BROKERS.values()} == {"384m"}


@services
def test_ports_are_open_to_this_machine_only_and_can_be_chosen(name: str, service: Service) -> None:
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{REFILL_PORT_[A-Z]+(_\d)?:-\d+\}:\d+", port), port
    assert "network_mode" not in service


def test_no_two_ports_are_the_same_by_default() -> None:
    used = [
        re.findall(r":-(\d+)", port)[0]
        for name, service in EVERY.items()
        if name != "kafka-1"  # in the place of kafka
        for port in service.get("ports", [])
    ]
    assert len(set(used)) == len(used) == 7


@services
def test_two_projects_and_two_of_a_service_can_run(name: str, service: Service) -> None:
    assert not {"container_name", "hostname", "networks", "external_links"} & set(service)
    if name == "credit-ledger":
        assert "ports" not in service


@services
def test_a_service_is_mounted_its_own_secrets_and_no_other(name: str, service: Service) -> None:
    assert set(service.get("secrets", [])) == OWN_SECRETS[name]


def test_every_secret_is_one_that_is_made_and_every_one_made_has_its_reader() -> None:
    made = set(secrets.secrets(Path()))
    assert set(SINGLE["secrets"]) == made
    assert set().union(*(set(service.get("secrets", [])) for service in EVERY.values())) == made
    for name, secret in SINGLE["secrets"].items():
        assert secret == {"file": f"${{REFILL_SECRETS:?run make secrets first}}/{name}"}


@services
def test_a_secret_is_named_by_its_file_and_never_stands_in_settings(name: str, service: Service) -> None:
    """So that `docker inspect` shows none. What looks like one and is no file has no business here."""
    mounted = {f"/run/secrets/{secret}" for secret in service.get("secrets", [])}
    for setting, value in service.get("environment", {}).items():
        if SECRET_NAMED.search(setting):
            assert setting.endswith("_FILE"), setting
            assert value in mounted, setting
        else:
            assert "/run/secrets/" not in value, setting


def test_nothing_random_stands_in_the_files() -> None:
    for file in ("docker-compose.yml", "deploy/compose.cluster.yml", "deploy/compose/kafka/server.properties"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not re.search(r"[0-9a-f]{32}|whsec_|sk_(test|live)_|postgresql://", text), file


@services
def test_an_image_has_a_version(name: str, service: Service) -> None:
    assert service["image"] in (
        "${REFILL_IMAGE:-refill:local}",
        "apache/kafka:4.3.1",
        "postgres:18",
        "maildev/maildev:3.0.0",
    )


@pytest.mark.parametrize("name", JOBS)
def test_a_job_is_not_repeated_and_somebody_waits_for_its_success(name: str) -> None:
    """Without anybody who waits for it `up --wait` would take its end for a failure."""
    waiting = [
        other
        for other in SERVICES.values()
        if other.get("depends_on", {}).get(name) == {"condition": "service_completed_successfully"}
    ]
    assert EVERY[name]["restart"] == "no"
    assert EVERY[name]["healthcheck"] == {"disable": True}
    assert waiting


@pytest.mark.parametrize("name", DAILY)
def test_a_daily_job_is_started_by_a_scheduler_only_and_nobody_waits_for_it(name: str) -> None:
    assert EVERY[name]["profiles"] == ["daily"]
    assert EVERY[name]["restart"] == "no"
    assert EVERY[name]["healthcheck"] == {"disable": True}
    assert not any(name in service.get("depends_on", {}) for service in EVERY.values())


@pytest.mark.parametrize("name", [*WORKERS, *SERVERS])
def test_what_runs_for_ever_is_started_again(name: str) -> None:
    assert EVERY[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_has_a_health_check_of_its_own(name: str) -> None:
    assert EVERY[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_starts_after_rights_topics_and_its_tables(name: str) -> None:
    done = {"condition": "service_completed_successfully"}
    wanted = {"kafka-access": done, "topics": done, f"migrate-{name}": done}
    assert wanted.items() <= EVERY[name]["depends_on"].items()


@pytest.mark.parametrize("name", WORKERS)
def test_a_worker_has_more_time_to_end_than_it_takes(name: str) -> None:
    """15 s is the drain's limit (REFILL_DRAIN_TIMEOUT_S); then the engine kills it."""
    assert EVERY[name]["stop_grace_period"] == "30s"
    assert EVERY[name]["init"] is True
    assert "healthcheck" not in EVERY[name], "the image's own, which asks the worker"


def test_three_brokers_replace_the_one_everywhere() -> None:
    text = (ROOT / "deploy/compose.cluster.yml").read_text(encoding="utf-8")
    assert "  kafka: !reset null" in text
    named = {name for name, service in SERVICES.items() if "REFILL_KAFKA_BOOTSTRAP" in service.get("environment", {})}
    changed = {
        name
        for name, service in CLUSTER["services"].items()
        if service and service["environment"].get("REFILL_KAFKA_BOOTSTRAP") == "kafka-1:9092,kafka-2:9092,kafka-3:9092"
    }
    assert named == changed
    waiting = {name for name, service in SERVICES.items() if "kafka" in service.get("depends_on", {})}
    assert waiting == {name for name, service in CLUSTER["services"].items() if service and "depends_on" in service}
    for name in waiting:
        assert CLUSTER["services"][name]["depends_on"] == {
            broker: {"condition": "service_healthy"} for broker in BROKERS
        }


def test_with_three_brokers_a_write_counts_when_two_have_it() -> None:
    assert CLUSTER["services"]["topics"]["environment"]["REFILL_TOPIC_REPLICATION"] == "3"
    for service in BROKERS.values():
        assert service["environment"]["BROKER_REPLICATION"] == "3"
        assert service["environment"]["BROKER_MIN_INSYNC"] == "2"


def test_the_broker_lets_nobody_in_without_a_name_and_makes_no_topic_unasked() -> None:
    lines = (ROOT / "deploy/compose/kafka/server.properties").read_text(encoding="utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and line[0] not in "# ")

    assert settings["authorizer.class.name"] == "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["super.users"] == "User:admin;User:broker"
    assert set(settings["listener.security.protocol.map"].split(",")) == {
        f"{listener}:SASL_PLAINTEXT" for listener in ("INSIDE", "OUTSIDE", "BROKERS", "CONTROLLER")
    }
    for listener in ("inside", "outside"):
        assert settings[f"listener.name.{listener}.sasl.enabled.mechanisms"] == "SCRAM-SHA-512"


def test_the_image_is_told_what_it_may_hold() -> None:
    """A list of what is let in, so that nothing gets in by being forgotten."""
    lines = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    assert lines[0] == "*"
    assert [line for line in lines if line[:1] == "!"] == ["!services", "!shared", "!deploy"]
    assert {"deploy/local", "deploy/demo", "deploy/compose"} <= set(lines)


def test_a_file_of_secrets_is_never_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".refill/", "/.env"} <= set(ignored)


def test_the_files_are_plain_yaml_for_every_reader() -> None:
    """Only the second file needs compose's tags."""
    assert yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8")) == SINGLE
