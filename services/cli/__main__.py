"""The `refill` command: `python -m services.cli`, or the console script."""

from __future__ import annotations

import sys

from pydantic import ValidationError

from services.cli.app import app
from services.cli.client import NotSent
from services.cli.conversation import Refused
from services.cli.outcome import Exit, Problem
from services.cli.output import Output, show_problem
from services.cli.settings import MEND
from shared.messaging.failures import Weather
from shared.messaging.log import KafkaProblem


def main() -> None:
    """Run the command line and leave with its exit code: 0 done, 1 refused, 2 usage error, 3 no answer in time."""
    as_json = "--json" in sys.argv
    try:
        app()
    except Refused as refused:
        if refused.remedy:
            Output(as_json=as_json).say(refused.remedy)
        sys.exit(refused.code)
    except Problem as problem:
        show_problem(problem, as_json=as_json)
        sys.exit(problem.code)
    except ValidationError as error:
        sys.exit(_report(_invalid(error), as_json))
    except NotSent as error:
        mend = "Run the same command again under the same ids: what has arrived has its effect only once."
        sys.exit(_report(Problem(str(error), mend, Exit.NO_ANSWER), as_json))
    except (Weather, KafkaProblem) as error:
        sys.exit(_report(Problem(f"Kafka: {error}.", MEND, Exit.NO_ANSWER), as_json))


def _report(problem: Problem, as_json: bool) -> int:
    show_problem(problem, as_json=as_json)
    return int(problem.code)


def _invalid(error: ValidationError) -> Problem:
    flaws = error.errors(include_url=False, include_context=False, include_input=False)
    what = "; ".join(f"{'.'.join(map(str, flaw['loc'])) or error.title}: {flaw['msg']}" for flaw in flaws)
    return Problem(f"{error.title} cannot be sent: {what}.", "Nothing was sent. Mend the value.", Exit.USAGE)


if __name__ == "__main__":
    main()
