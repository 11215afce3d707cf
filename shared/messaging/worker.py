"""The process of a service: `worker.main` with its sub-commands run, migrate, prune, quarantine and resume."""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import psycopg
import structlog

from shared.contracts.catalog import BY_NAME
from shared.messaging import commands
from shared.messaging.clock import SystemClock
from shared.messaging.crew import Crew
from shared.messaging.failures import Bug, SettingsProblem, Unavailable, Unfit
from shared.messaging.log import KafkaProblem
from shared.messaging.service import Companion, Runtime, Service
from shared.messaging.settings import EXIT_CODE, WorkerSettings, load_settings
from shared.messaging.signals import stop_on_signals
from shared.observability import logs
from shared.observability.errors import describe
from shared.postgres.migrations import MigrationProblem
from shared.postgres.refusals import is_refusal

S = TypeVar("S", bound=WorkerSettings)

__all__ = ["Companion", "Runtime", "Service", "main"]

log = structlog.get_logger()

# sysexits.h, so that a supervisor can tell what starting again will not mend.
EXIT_BUG = 70  # EX_SOFTWARE: one message cannot be handled; a person has to look
EXIT_CONFIGURATION = EXIT_CODE  # EX_CONFIG: settings, schema, rights or names at Kafka
EXIT_UNAVAILABLE = 69  # EX_UNAVAILABLE: what it needs does not answer; try again later
EXIT_OTHER = 1

EXIT_CODES: Mapping[type[BaseException], int] = {
    Bug: EXIT_BUG,
    SettingsProblem: EXIT_CONFIGURATION,
    MigrationProblem: EXIT_CONFIGURATION,
    KafkaProblem: EXIT_CONFIGURATION,
    Unfit: EXIT_CONFIGURATION,
    Unavailable: EXIT_UNAVAILABLE,
}


def main(
    service_factory: Callable[[S], Service[Any]], settings_class: type[S], argv: Sequence[str] | None = None
) -> int:
    """Run one command of a service and return the exit code; `run` ends the process itself.

    `settings_class` stands in `<service>/settings.py`, beside the folder `migrations`; the folder `<service>` is called
    like its schema. So `migrate` and `prune` need the migrator's address and nothing else.
    """
    home = Path(inspect.getfile(settings_class)).parent
    arguments = _parser(home.name).parse_args(argv)
    try:
        if arguments.command == "run":
            _run(service_factory, load_settings(settings_class))
        if arguments.command in commands.AS_THE_OWNER:
            answer = commands.AS_THE_OWNER[arguments.command](home)
        else:
            answer = commands.ON_THE_DATABASE[arguments.command](load_settings(settings_class), home.name, arguments)
    except (SettingsProblem, MigrationProblem, Unfit, Unavailable) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - logging may not be set up yet, and it is for a person
        return _exit_code(problem)
    except psycopg.OperationalError as error:
        print(f"PostgreSQL does not answer: {describe(error)}", file=sys.stderr)  # noqa: T201 - as above
        return EXIT_CONFIGURATION if is_refusal(error) else EXIT_UNAVAILABLE
    print(answer)  # noqa: T201 - a command's answer
    return 0


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}", description=f"The worker of {name}.")
    words = parser.add_subparsers(dest="command", required=True)
    words.add_parser("run", help="work until told to stop")
    words.add_parser("migrate", help="bring the schema up to the code, as the migrator role")
    words.add_parser("prune", help="forget what is too old to come again, as the migrator role")
    aside = words.add_parser("quarantine", help="have one message sent to the dead letters that a bug cannot handle")
    aside.add_argument("topic", choices=sorted(BY_NAME), metavar="TOPIC", help="its name in the catalog")
    aside.add_argument("partition", type=int, metavar="PARTITION")
    aside.add_argument("offset", type=int, metavar="OFFSET")
    aside.add_argument("--who", required=True, help="the person who decides it")
    aside.add_argument("--reason", required=True, help="why; it is kept")
    again = words.add_parser("resume", help="let timers try again that a bug got stuck: all, or as told")
    again.add_argument("--kind", help="only those of this alarm or errand")
    again.add_argument("--ref", help="only those about this id")
    return parser


def _run(service_factory: Callable[[S], Service[Any]], settings: S) -> NoReturn:
    from shared.messaging.assembly import Worker  # the Kafka client takes a while to import; `migrate` needs none

    service = service_factory(settings)
    logs.configure(settings.log_format, service.name)
    crew = Crew()
    stop_on_signals(crew.stop)
    log.info("worker.starting", pid=os.getpid())
    failure = Worker(service, settings, SystemClock(), crew).run()
    # All is committed and said. Python's own way out may wait for a thread that hangs, or abort because one that still
    # runs (those of the Kafka client are not ours to join) holds the lock of a stream.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(_exit_code(failure.error) if failure else 0)


def _exit_code(error: BaseException) -> int:
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), EXIT_OTHER)
