"""Compares JSON with the SDK's classes, which are generated from Stripe's published OpenAPI description.

A field the class does not have is an error; so is a field the class has without `Optional` that is absent or null, a
value outside an enumeration, or a wrong type.
"""

from types import UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin

import stripe
from stripe._stripe_object import UntypedStripeObject

Problems = list[str]
UNCHECKED = ("OBJECT_NAME",)


def problems_of(value: object, hint: Any, path: str) -> Problems:
    if isinstance(hint, ForwardRef):
        hint = getattr(stripe, hint.__forward_arg__, None)
    if hint is None:
        return [f"{path}: {value!r} is not one of the SDK's public kinds"]
    if get_origin(hint) in (Union, UnionType):
        return problems_of_union(value, list(get_args(hint)), path)
    if get_origin(hint) is Literal:
        return [] if value in get_args(hint) else [f"{path}: {value!r} is not in the enumeration"]
    if get_origin(hint) is list:
        if not isinstance(value, list):
            return [f"{path}: not a list"]
        return [
            problem
            for index, item in enumerate(value)
            for problem in problems_of(item, get_args(hint)[0], f"{path}[{index}]")
        ]
    if (
        hint is Any
        or hint is UntypedStripeObject
        or get_origin(hint) is UntypedStripeObject
        or get_origin(hint) is dict
    ):
        return []
    if isinstance(hint, type) and issubclass(hint, stripe.StripeObject):
        return problems_of_object(value, hint, path)
    matches = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    return [] if matches else [f"{path}: {value!r} is not {hint}"]


def problems_of_union(value: object, options: list[Any], path: str) -> Problems:
    if value is None:
        return [] if type(None) in options else [f"{path}: null where Stripe promises a value"]
    if any(get_origin(option) is Literal for option in options):
        options = [option for option in options if option is not str]  # `| str` only leaves room for later versions
    tried = [problems_of(value, option, path) for option in options if option is not type(None)]
    return [] if any(not problems for problems in tried) else min(tried, key=len)


def problems_of_object(value: object, kind: type[stripe.StripeObject], path: str) -> Problems:
    if not isinstance(value, dict):
        return [f"{path}: not an object"]
    fields = {name: hint for name, hint in kind.__annotations__.items() if name not in UNCHECKED}
    found = [f"{path}.{name}: unknown to Stripe" for name in value if name not in fields]
    for name, hint in fields.items():
        if name in value:
            found += problems_of(value[name], hint, f"{path}.{name}")
        elif type(None) not in get_args(hint):
            found.append(f"{path}.{name}: missing")
    return found
