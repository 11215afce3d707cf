"""The command line: every command of `refill` in one table."""

from __future__ import annotations

from collections.abc import Callable

import typer

from services.cli.commands import (
    asking,
    auto,
    balances,
    buying,
    catalogs,
    correcting,
    explaining,
    holding,
    importing,
    letters,
    notices,
    operating,
    parking,
    preferences,
    reconciling,
    refunding,
    spending,
    stack,
    tail,
)

app = typer.Typer(
    name="refill",
    help="Buys, shows and explains AI-credit top-ups: a client of the Kafka topics like any other.",
    epilog="Exit codes: 0 done, 1 refused, 2 usage error, 3 no answer in time.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # its frames show the values of variables
    add_completion=False,
)

COMMANDS: dict[str, Callable[..., None]] = {
    "up": stack.up,
    "down": stack.down,
    "demo": stack.demo,
    "request": asking.request,
    "cancel": asking.cancel,
    "decline": asking.decline,
    "quote": buying.quote,
    "buy": buying.buy,
    "retry": buying.retry,
    "caps": spending.caps,
    "hold": holding.hold,
    "capture": holding.capture,
    "release": holding.release,
    "balance": balances.balance,
    "explain": explaining.explain,
    "notices": notices.notices,
    "mark": notices.mark,
    "preference": preferences.preference,
    "unsubscribe": preferences.unsubscribe,
    "tail": tail.tail,
    "reconcile": reconciling.reconcile,
    "verify": operating.verify,
    "quarantine": operating.quarantine,
}
GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "import": (
        "Send a file of directory or usage events, line by line.",
        {"directory": importing.directory, "usage": importing.usage},
    ),
    "auto": (
        "Auto top-up: an account is topped up by itself when its credits are low.",
        {"set": auto.set_auto_top_up, "stop": auto.stop_auto_top_up},
    ),
    "refund": (
        "Refunds: what one would give back and take, and doing exactly that; and those made at the processor.",
        {"propose": refunding.propose, "execute": refunding.execute, "decide": refunding.decide},
    ),
    "operator": (
        "For operators of the product company: credits given, withdrawn, forgiven; recalls that wait for a person.",
        {
            "grant": correcting.grant,
            "withdraw": correcting.withdraw,
            "forgive": correcting.forgive,
        },
    ),
    "parked": (
        "Payments that wait for a person: list them, have one looked up, end one that the processor never had.",
        {"list": parking.list_parked, "look": parking.look, "end": parking.end},
    ),
    "catalog": ("The price catalog.", {"check": catalogs.check, "publish": catalogs.publish, "show": catalogs.show}),
    "dead-letters": (
        "Messages that a service could not read: look, write them again, put them away.",
        {
            "list": letters.list_letters,
            "show": letters.show,
            "redrive": letters.redrive,
            "discard": letters.discard,
        },
    ),
    "mail": ("What people are mailed.", {"preview": operating.preview}),
}

for name, command in COMMANDS.items():
    app.command(name)(command)
for group_name, (group_help, commands) in GROUPS.items():
    group = typer.Typer(help=group_help, no_args_is_help=True)
    for name, command in commands.items():
        group.command(name)(command)
    app.add_typer(group, name=group_name)
