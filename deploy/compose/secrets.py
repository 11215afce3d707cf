"""Makes the secrets of a compose project, once: `python3 deploy/compose/secrets.py [FOLDER]`; needs no package.

One file for each secret in `.refill/secrets` (or FOLDER), which the containers get mounted, each only its own. What is
there is never changed: the data in the volumes was made with it. Beside them stands `client.env`, for the shell of a
person on this machine: where the project's ports are, and the names of the edge, of operators, of products, of upstream
and of the auditor. For the default folder `.env` at the top says where the secrets are, as compose reads it.
"""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / ".refill" / "secrets"

PARTIES = ("upstream", "products", "edge", "operator", "billing", "credit-ledger", "notification")
SERVICES = ("billing", "credit-ledger", "notification")
DATABASE = "refill"
PORTS = {"REFILL_PORT_KAFKA": "29092", "REFILL_PORT_POSTGRES": "25432"}  # the defaults of docker-compose.yml

KEY_BYTES = 24  # 192 bits: beyond guessing, and hexadecimal needs no quoting in an address or a configuration file


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    made = make(folder)
    write_private(folder / "client.env", client_environment(folder))
    if folder.resolve() == FOLDER:
        tell_compose(PROJECT / ".env")
    print(f"{made} secrets made in {folder}" if made else f"The secrets are in {folder} already; nothing changed.")
    return 0


def make(folder: Path) -> int:
    """Writes what is missing and returns how many that were."""
    # Whoever may not enter the folder reads nothing in it; the files themselves are for the users of the containers,
    # each of which has a number of its own.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = 0
    for name, value in secrets(folder).items():
        if not (folder / name).exists():
            write_whole(folder / name, value(), 0o644)
            made += 1
    return made


def secrets(folder: Path) -> dict[str, Callable[[], str]]:
    """Every secret's file and how its content is made. An address that holds another secret stands after it."""
    return {
        "kafka-broker-password": key,
        "kafka-admin-password": key,
        **{f"kafka-{party}-password": key for party in PARTIES},
        "postgres-admin-password": key,
        "postgres-admin-url": lambda: database_url("postgres", (folder / "postgres-admin-password").read_text()),
        **{f"{service}-database-url": worker_url(service) for service in SERVICES},
        **{f"{service}-migrator-database-url": worker_url(service, "migrator") for service in SERVICES},
        "auditor-database-url": lambda: database_url("auditor", key()),
        "stripe-api-key": lambda: f"sk_test_{key()}",
        "stripe-webhook-secret": lambda: f"whsec_{key()}",
    }


def key() -> str:
    return os.urandom(KEY_BYTES).hex()


def worker_url(service: str, role: str = "worker") -> Callable[[], str]:
    return lambda: database_url(f"{service.replace('-', '_')}_{role}", key())


def database_url(role: str, password: str) -> str:
    """As a container of the project finds it."""
    return f"postgresql://{role}:{password}@postgres:5432/{DATABASE}"


def client_environment(folder: Path) -> str:
    """What a person's shell needs on this machine: nobody's secrets but those a person may use."""
    port = {name: os.environ.get(name, default) for name, default in PORTS.items()}
    audit = (folder / "auditor-database-url").read_text()
    settings: Mapping[str, str] = {
        "REFILL_KAFKA_BOOTSTRAP": f"127.0.0.1:{port['REFILL_PORT_KAFKA']}",
        "REFILL_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "REFILL_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        **{
            f"REFILL_{party.upper()}_KAFKA_PASSWORD": (folder / f"kafka-{party}-password").read_text()
            for party in ("edge", "operator", "products", "upstream")
        },
        "REFILL_AUDITOR_DATABASE_URL": audit.replace("@postgres:5432/", f"@127.0.0.1:{port['REFILL_PORT_POSTGRES']}/"),
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def tell_compose(path: Path) -> None:
    """One line for compose, which reads this file by itself; what a person wrote there stays."""
    lines = path.read_text().splitlines() if path.exists() else []
    if not any(line.startswith("REFILL_SECRETS=") for line in lines):
        write_private(path, "\n".join([*lines, "REFILL_SECRETS=./.refill/secrets", ""]))


def write_private(path: Path, text: str) -> None:
    write_whole(path, text, 0o600)


def write_whole(path: Path, text: str, mode: int) -> None:
    """The file appears complete or not at all: half a password would never be found to be one."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode)
    part.chmod(mode)
    part.write_text(text)
    os.replace(part, path)


if __name__ == "__main__":
    sys.exit(main())
