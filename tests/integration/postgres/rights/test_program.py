"""`python -m deploy.postgres.roles`: repeated without harm, rotates passwords, puts right what was changed, says what
is wrong. On a server of its own: roles are the whole server's, and so are their passwords."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from deploy.local.cluster import Cluster
from deploy.local.postgres import PostgresServer
from deploy.local.run_folder import PROJECT
from deploy.postgres.roles import ROLE_SCHEMAS, URL_VARIABLES
from shared.messaging.weather import is_weather

ADMIN = "REFILL_POSTGRES_ADMIN_URL"
# Everything about roles and rights that the catalogs hold, but for the salted passwords.
STATE = {
    "roles": "SELECT to_jsonb(r) - 'rolpassword' FROM pg_roles r WHERE rolname !~ '^pg_' ORDER BY rolname",
    "settings": "SELECT setdatabase, setrole::regrole::text, setconfig FROM pg_db_role_setting ORDER BY 1, 2",
    "members": "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members ORDER BY 1, 2",
    "databases": "SELECT datname, datacl::text FROM pg_database ORDER BY 1",
    "schemas": "SELECT nspname, nspowner::regrole::text, nspacl::text FROM pg_namespace ORDER BY 1",
    "functions": "SELECT oid::regprocedure::text, proacl::text FROM pg_proc WHERE proacl IS NOT NULL ORDER BY 1",
    "tables": "SELECT oid::regclass::text, relacl::text FROM pg_class WHERE relkind = 'r' ORDER BY 1",
    "defaults": "SELECT defaclrole::regrole::text, defaclacl::text FROM pg_default_acl ORDER BY 1, 2",
}


class Job:
    """A server with one database, prepared once, and the program to be run again with other settings."""

    def __init__(self, server: PostgresServer) -> None:
        self.cluster = Cluster(server.url)
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("CREATE DATABASE refill")
        self.settings = {**self.cluster.environment("refill"), ADMIN: self.cluster.url("refill")}

    def run(self, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run it with these settings changed; an empty one is not set."""
        environment = {**os.environ, **self.settings, **changed}
        command = [sys.executable, "-m", "deploy.postgres.roles"]
        return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

    def prepare(self, **changed: str) -> None:
        """Run it, and expect nothing to be said."""
        done = self.run(**changed)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def state(self) -> Mapping[str, list[tuple[object, ...]]]:
        with psycopg.connect(self.settings[ADMIN]) as admin:
            return {what: admin.execute(query.encode()).fetchall() for what, query in STATE.items()}

    def admin(self, *statements: str) -> None:
        with psycopg.connect(self.settings[ADMIN], autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement.encode())


@pytest.fixture
def job(own_postgres: PostgresServer) -> Job:
    made = Job(own_postgres)
    made.prepare()
    return made


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError as error:
        if "password authentication failed" not in str(error):
            raise
        return False


def test_run_again_it_changes_nothing(job: Job) -> None:
    with psycopg.connect(job.settings["REFILL_BILLING_MIGRATOR_DATABASE_URL"]) as migrator:
        migrator.execute("CREATE TABLE thing (id int)")
        migrator.execute("GRANT SELECT, UPDATE (id) ON thing TO billing_worker")
    before = job.state()

    job.prepare()

    assert job.state() == before


def test_what_was_changed_since_is_put_right(job: Job) -> None:
    before = job.state()
    with psycopg.connect(job.settings["REFILL_BILLING_DATABASE_URL"], autocommit=True) as worker:
        # What PostgreSQL lets every role do to itself.
        worker.execute("ALTER ROLE billing_worker SET statement_timeout = 0")
        worker.execute("ALTER ROLE billing_worker SET search_path = public")
        worker.execute("ALTER ROLE billing_worker IN DATABASE refill SET lock_timeout = 0")
        worker.execute("ALTER ROLE billing_worker PASSWORD 'of-its-own-choice'")
    job.admin(
        "ALTER ROLE billing_worker SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS INHERIT CONNECTION LIMIT -1",
        "GRANT pg_read_all_data TO auditor",
        "GRANT credit_ledger_migrator TO credit_ledger_worker WITH ADMIN OPTION",
        "GRANT ALL ON DATABASE refill TO PUBLIC, notification_worker",
        "GRANT CONNECT ON DATABASE postgres TO PUBLIC",
        "GRANT ALL ON SCHEMA public TO PUBLIC",
        "GRANT ALL ON SCHEMA credit_ledger TO billing_worker, auditor",
        "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC",
        "ALTER SCHEMA notification OWNER TO notification_worker",
    )
    assert job.state() != before

    job.prepare()

    assert job.state() == before
    assert answers(job.settings["REFILL_BILLING_DATABASE_URL"])


def test_each_password_is_rotated_by_itself_and_open_sessions_go_on(job: Job) -> None:
    for role in ROLE_SCHEMAS:
        variable = URL_VARIABLES[role]
        old = job.settings[variable]
        new = old.replace(str(psycopg.conninfo.conninfo_to_dict(old)["password"]), f"new-password-of-{role}")
        with psycopg.connect(old, autocommit=True) as session:
            job.prepare(**{variable: new})
            job.settings[variable] = new

            assert session.execute("SELECT current_user").fetchone() == (role,)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed") as refused:
            psycopg.connect(old)
        assert is_weather(refused.value)  # a worker that still has the old one waits, and loses nothing
        assert all(answers(job.settings[name]) for name in URL_VARIABLES.values())


def test_settings_may_come_in_files(job: Job, tmp_path: Path) -> None:
    files: dict[str, str] = {}
    for number, (name, value) in enumerate(job.settings.items()):
        path = tmp_path / str(number)
        path.write_text(value.replace("auditor:", "auditor:read-from-a-file-") + "\n")
        files |= {name: "", f"{name}_FILE": str(path)}

    job.prepare(**files)

    old = job.settings["REFILL_AUDITOR_DATABASE_URL"]
    assert answers(old.replace("auditor:", "auditor:read-from-a-file-"))
    assert not answers(old)


@pytest.mark.case(23)
def test_everything_wrong_is_said_at_once_and_no_password_with_it(job: Job) -> None:
    done = job.run(
        REFILL_AUDITOR_DATABASE_URL="",
        REFILL_BILLING_DATABASE_URL="postgresql://billing_worker:hunter2 is wrong@x/y?nonsense=hunter2",
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert "REFILL_AUDITOR_DATABASE_URL is missing" in done.stderr
    done = job.run(
        REFILL_BILLING_DATABASE_URL="postgresql://billing_worker:hunter2 is wrong@x/y?nonsense=hunter2",
        REFILL_AUDITOR_DATABASE_URL="postgresql://billing_worker:hunter2@127.0.0.1/refill",
        REFILL_NOTIFICATION_DATABASE_URL="postgresql://notification_worker@127.0.0.1/refill",
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines() == [
        "3 settings are missing or wrong:",
        "  REFILL_BILLING_DATABASE_URL is not of the form postgresql://user:password@host:port/database",
        "  REFILL_NOTIFICATION_DATABASE_URL holds no password",
        "  REFILL_AUDITOR_DATABASE_URL is not of the role auditor",
    ]


@pytest.mark.case(23)
def test_an_admin_who_is_none_or_not_let_in_is_said_plainly(job: Job) -> None:
    before = job.state()
    worker = job.settings["REFILL_BILLING_DATABASE_URL"]

    not_an_admin = job.run(**{ADMIN: worker})
    wrong_password = job.run(**{ADMIN: worker.replace("billing_worker:", "billing_worker:hunter2")})

    assert (not_an_admin.returncode, wrong_password.returncode) == (78, 69)
    assert f"{ADMIN} is not a superuser's" in not_an_admin.stderr
    assert "password authentication failed" in wrong_password.stderr
    assert "hunter2" not in not_an_admin.stderr + wrong_password.stderr
    assert job.state() == before
