"""The environment, where a file may stand for any variable: `<NAME>_FILE` is the path of one with `<NAME>`'s value.

So secrets come as files that only their reader may open, instead of in an environment that a process list or a crash
report shows. Complaints name variables, never a value, and never a path: whoever mixes the two names up wrote a secret
where the path belongs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.messaging.failures import SettingsProblem

FILE = "_FILE"
# A setting is a line; a certificate's chain is some KB, and comes as a path. More was pointed at by mistake.
MAX_BYTES = 65_536


class Flaw(ValueError):
    """Why a variable that stands in the environment cannot be used, without its value."""


def look_up(name: str, environment: Mapping[str, str] | None = None) -> str | None:
    """The variable's value, or its file's; None when there is neither. What is empty in the environment is not there.

    Raises `Flaw` when both are given, or the file cannot be read or is empty. One newline at its end is cut.
    """
    given = os.environ if environment is None else environment
    path = given.get(name + FILE)
    if not path:
        return given.get(name) or None
    if given.get(name):
        raise Flaw(f"{name} and {name}{FILE} are both given: take one of them away")
    value = _read(name + FILE, path)
    if not value:
        raise Flaw(f"{name}{FILE} names a file that is empty: put the value into it")
    return value


def look_up_all(names: Iterable[str], environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """These variables, for a program without a settings class.

    Raises `SettingsProblem` that names all that are missing or cannot be used.
    """
    found: dict[str, str] = {}
    flaws: list[str] = []
    for name in names:
        try:
            value = look_up(name, environment)
        except Flaw as flaw:
            flaws.append(str(flaw))
            continue
        if value is None:
            flaws.append(f"{name} is missing")
        else:
            found[name] = value
    if flaws:
        raise SettingsProblem(complaint(flaws))
    return found


def complaint(flaws: list[str]) -> str:
    """All that is wrong with the settings, in one text for a person."""
    count = "1 setting is" if len(flaws) == 1 else f"{len(flaws)} settings are"
    return "\n".join([f"{count} missing or wrong:", *(f"  {flaw}" for flaw in flaws)])


def _read(variable: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        text = content.decode()
    except OSError as error:
        raise Flaw(f"{variable} names a file that cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Flaw(f"{variable} names a file that is not text in UTF-8") from None
    if len(content) > MAX_BYTES:
        raise Flaw(f"{variable} names a file of more than {MAX_BYTES} bytes: that is no setting")
    return text.removesuffix("\n").removesuffix("\r")
