"""Stripe's request encoding: form fields whose names carry the structure, as `metadata[purchase]=42` or `expand[0]=x`.

Written by the SDK in stripe/_encode.py (`_api_encode`): lists always with indices, booleans as true and false, None
left out. `expand[]=x`, which curl users write, is read too.
"""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from deploy.stripe_sandbox.errors import invalid

Tree: TypeAlias = "str | dict[str, Tree]"
NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
FIELDS_MAX = 1_000  # far above any request of Stripe's; a bound so that a bad client cannot exhaust the parser


def decode(encoded: str) -> dict[str, Tree]:
    """The fields as a tree of texts. Lists appear as objects whose keys are their indices.

    Raises ApiError (400) for names that are not well formed.
    """
    root: dict[str, Tree] = {}
    if encoded.count("&") >= FIELDS_MAX:
        raise invalid(f"A request may have at most {FIELDS_MAX} fields.")
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        matched = NAME.match(name)
        if matched is None:
            raise invalid(f"Invalid parameter name: {name}", param=name)
        place(root, [matched[1], *re.findall(r"\[([^\[\]]*)\]", matched[2])], value, name)
    return root


def place(root: dict[str, Tree], path: list[str], value: str, name: str) -> None:
    node = root
    for step in path[:-1]:
        child = node.setdefault(step or str(len(node)), {})
        if isinstance(child, str):
            raise invalid("Invalid hash", param=name)
        node = child
    leaf = path[-1] or str(len(node))
    node[leaf] = value
