"""Reads a request's parameters against Stripe's published description of them.

The description is the one the official SDK carries: stripe/params/*.py are generated from Stripe's OpenAPI document,
one TypedDict per operation with every field, type, enumeration and requirement. A field that is not there does not
exist at Stripe and is refused as Stripe refuses it. Nothing that fails here is saved under an idempotency key.
"""

import functools
import re
import types
import typing
from typing import Any, Literal, NotRequired, Union, get_args, get_origin

from stripe import _request_options as sdk_options
from typing_extensions import is_typeddict

from deploy.stripe_sandbox.errors import invalid
from deploy.stripe_sandbox.form import Tree
from deploy.stripe_sandbox.values import Json, JsonObject

# Options of one SDK call (idempotency_key, api_key ...) share the TypedDict with the parameters but never travel in the
# body. A client that puts `idempotency_key` among the parameters therefore sends a field that Stripe does not know.
SDK_OPTIONS = frozenset(sdk_options.RequestOptions.__annotations__)
# Names that the annotations of those options mention as text; StripeContext is imported there for type checkers only.
SDK_NAMES = {**vars(sdk_options), "StripeContext": object}
# Parameters that this API version took away, and the code that says so (API changelog, 2026-09-30.endive, "Removes the
# payment method types parameter from Payment Intents and Setup Intents").
RETIRED = {"payment_method_types": "payment_method_types_no_longer_supported"}
METADATA_KEYS_MAX, METADATA_KEY_MAX, METADATA_VALUE_MAX = 50, 40, 500  # API reference, "Metadata"


@functools.cache
def fields_of(operation: type) -> dict[str, tuple[object, bool]]:
    """Name to (type, required) of one TypedDict of the SDK, forward references resolved."""
    hints = typing.get_type_hints(operation, localns=SDK_NAMES, include_extras=True)
    own = {name: hint for name, hint in hints.items() if name not in SDK_OPTIONS or not issubclass_options(operation)}
    return {
        name: (get_args(hint)[0], False) if get_origin(hint) is NotRequired else (hint, True)
        for name, hint in own.items()
    }


def issubclass_options(operation: type) -> bool:
    """A TypedDict loses its bases, so inheritance from RequestOptions shows by all its fields being there."""
    return set(operation.__annotations__) >= SDK_OPTIONS


def read_parameters(operation: type, tree: dict[str, Tree], modelled: frozenset[str]) -> JsonObject:
    """The typed parameters of one operation.

    Raises ApiError 400: `parameter_unknown`, `parameter_missing`, `parameter_invalid_integer`,
    `parameter_invalid_empty` or an uncoded complaint, each with `param`. A field that Stripe
    has and the sandbox does not act on is refused in the sandbox's own words: to ignore it silently would be a lie.
    """
    values = read_object(operation, tree, "")
    for name in values:
        if name not in modelled:
            raise invalid(f"The sandbox does not model this parameter of Stripe's: {name}", param=name)
    return values


def read_object(operation: type, tree: dict[str, Tree], path: str) -> JsonObject:
    fields = fields_of(operation)
    unknown = [join(path, name) for name in tree if name not in fields]
    for name in unknown:
        if name in RETIRED:
            raise invalid(f"The parameter {name} is no longer supported.", code=RETIRED[name], param=name)
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(unknown)}"
        raise invalid(message, code="parameter_unknown", param=unknown[0])
    for name, (_, required) in fields.items():
        if required and name not in tree:
            where = join(path, name)
            raise invalid(f"Missing required param: {where}.", code="parameter_missing", param=where)
    return {name: read_value(fields[name][0], raw, join(path, name)) for name, raw in tree.items()}


def read_value(hint: object, raw: Tree, path: str) -> Json:
    options = alternatives(hint)
    if isinstance(raw, str):
        return read_text(options, raw, path)
    for option in options:
        if is_typeddict(option):
            return read_object(typing.cast(type, option), raw, path)
        if get_origin(option) is dict:
            return read_map(raw, path)
        if get_origin(option) is list:
            item = get_args(option)[0]
            return [read_value(item, raw[index], f"{path}[{index}]") for index in sorted(raw, key=position)]
    raise invalid(f"Invalid {'integer' if int in options else 'string'}: {raw}", param=path)


def read_text(options: list[object], raw: str, path: str) -> Json:
    allowed = [value for option in options if get_origin(option) is Literal for value in get_args(option)]
    named = [value for value in allowed if value != ""]
    if raw == "":
        if "" in allowed:
            return ""  # "Individual keys can be unset by posting an empty value to them" (API reference, "Metadata")
        message = (
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a non-empty "
            "value."
        )
        raise invalid(message, code="parameter_invalid_empty", param=path)
    if raw in named:
        return raw
    if bool in options:
        if raw in ("true", "false"):
            return raw == "true"
        raise invalid(f"Invalid boolean: {raw}", param=path)
    if int in options or float in options:
        return read_number(raw, path, whole=int in options)
    if named:
        # The SDK types enumerations openly (`Literal[...] | str`) to live with later versions; Stripe refuses others.
        raise invalid(f"Invalid {path}: must be {one_of(named)}", param=path)
    if str in options:
        return raw
    raise invalid(
        "Invalid array" if any(get_origin(option) is list for option in options) else "Invalid object", param=path
    )


def read_number(raw: str, path: str, *, whole: bool) -> int | float:
    if re.fullmatch(r"[+-]?\d{1,18}", raw):
        return int(raw)
    if not whole and re.fullmatch(r"[+-]?\d+\.\d+", raw):
        return float(raw)
    raise invalid(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=path)


def read_map(raw: dict[str, Tree], path: str) -> JsonObject:
    """A map of texts; its bounds are those of metadata, which is the only map of ours."""
    if len(raw) > METADATA_KEYS_MAX:
        raise invalid(f"You can only have up to {METADATA_KEYS_MAX} metadata keys.", param=path)
    values: JsonObject = {}
    for key, value in raw.items():
        where = join(path, key)
        if not isinstance(value, str):
            raise invalid("Metadata values must be strings, but for key you passed in an object", param=where)
        if len(key) > METADATA_KEY_MAX or len(value) > METADATA_VALUE_MAX:
            message = (
                f"Metadata keys must be at most {METADATA_KEY_MAX} characters long and values at most "
                f"{METADATA_VALUE_MAX} characters long."
            )
            raise invalid(message, param=where)
        values[key] = value
    return values


def alternatives(hint: object) -> list[object]:
    """The members of a union, flattened. None cannot travel in a form and is dropped."""
    if get_origin(hint) in (Union, types.UnionType):
        return [option for member in get_args(hint) for option in alternatives(member)]
    if hint is Any:
        return [str]
    return [] if hint is type(None) else [hint]


def one_of(values: list[object]) -> str:
    words = [str(value) for value in values]
    if len(words) == 1:
        return words[0]
    head = ", ".join(words[:-1])
    return f"one of {head}{',' if len(words) > 2 else ''} or {words[-1]}"


def join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def position(index: str) -> int:
    return int(index) if index.isdigit() else 0
