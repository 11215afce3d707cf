"""`make up` and `make down`: the stack and its workers in the foreground with one log, until Ctrl-C or `make down`."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from deploy.local.environment import write_environment
from deploy.local.example_cards import save_example_cards
from deploy.local.last_words import last_words
from deploy.local.log_view import LogView
from deploy.local.run_folder import RUNS, RunFolder, clean_up_abandoned, is_held
from deploy.local.stack import Stack
from deploy.local.trouble import Trouble
from deploy.local.world import World
from shared.messaging.settings import EXIT_CODE as NOT_TO_BE_RESTARTED

NAME = "up"
ENVIRONMENT_FILE = "env"
PID_FILE = "starter.pid"
LOOK_EVERY_S = 0.2
RESTART_AFTER_S = 1.0  # a worker that ends by itself is started again, but not in a tight loop
DOWN_TIMEOUT_S = 60  # the first stop of a broker writes its start-up cache


def run_up(runs: Path = RUNS) -> int:
    """Starts everything, writes `.refill/env`, shows the log until it is asked to end, stops everything.

    Returns the exit code: 0 after Ctrl-C or `down`, 1 when it could not start or a server ended by itself.
    """
    console = Console()
    end = _End()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end.ask)
    try:
        with RunFolder.claim(NAME, runs=runs, wait_s=3) as run:
            (run.path / PID_FILE).write_text(str(os.getpid()))
            console.print("Starting PostgreSQL, Kafka, the Stripe sandbox and the mail sink ...")
            return _serve(console, run, runs / ENVIRONMENT_FILE, end)
    except KeyboardInterrupt:
        return 0
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1


def down(runs: Path = RUNS) -> int:
    """Ends what `up` started, from another terminal, and whatever dead starters left. Returns 0 when nothing runs."""
    if is_held(NAME, runs):
        with suppress(FileNotFoundError, ProcessLookupError):  # not begun yet, or its guard is cleaning up already
            os.kill(int((runs / NAME / PID_FILE).read_text()), signal.SIGTERM)
        deadline = time.monotonic() + DOWN_TIMEOUT_S
        while is_held(NAME, runs):
            if time.monotonic() > deadline:
                print(f"Not down after {DOWN_TIMEOUT_S} s: see {runs / NAME} for its logs.", file=sys.stderr)
                return 1
            time.sleep(LOOK_EVERY_S)
        print("Down.")
        return 0
    left = clean_up_abandoned(runs)
    print(f"Stopped what {', '.join(left)} had left running." if left else "Nothing was up.")
    return 0


class _End:
    """The end that somebody asks for: it breaks off a start, and lets what runs stop in order."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._breaks_off = True

    def ask(self, *_: object) -> None:
        """A signal's handler. Raises KeyboardInterrupt once, during a start."""
        self.asked.set()
        if self._breaks_off:
            self._breaks_off = False
            raise KeyboardInterrupt

    def started(self) -> None:
        """From now on `asked` tells it, and nothing is broken off."""
        self._breaks_off = False


def _serve(console: Console, run: RunFolder, environment_file: Path, end: _End) -> int:
    with Stack(run) as stack:
        end.started()
        world = stack.world
        save_example_cards(world.sandbox_url)
        write_environment(environment_file, world.environment_of("command-line"))
        try:
            world.start_workers()
            console.print(f"Up. Addresses are in {environment_file}; Ctrl-C or make down ends it.", style="bold green")
            view = LogView(console, [(name, worker.log) for name, worker in world.workers.items()])
            while not end.asked.wait(LOOK_EVERY_S):
                view.show_new()
                if not _workers_go_on(console, world):
                    return 1
                if not (stack.postgres.running and stack.kafka.running):
                    console.print(f"A server ended by itself: see the logs in {run.path}.", style="bold red")
                    return 1
            console.print("Stopping ...")
            return 0
        finally:
            environment_file.unlink(missing_ok=True)


def _workers_go_on(console: Console, world: World) -> bool:
    """Starts ended workers again; False when one has ended over what another start would not mend: settings, schema,
    rights or names at Kafka."""
    for worker in world.workers.values():
        if not worker.running:
            if worker.exit_code == NOT_TO_BE_RESTARTED:
                console.print(f"{worker.service} ended, and another start would not help. It said:", style="bold red")
                console.print(last_words(worker.log), soft_wrap=True, highlight=False, markup=False)
                console.print(f"Its log: {worker.log}", soft_wrap=True, highlight=False)
                return False
            console.print(f"{worker.service} ended with {worker.exit_code} and is started again.", style="bold yellow")
            time.sleep(RESTART_AFTER_S)
            worker.start()
    return True
