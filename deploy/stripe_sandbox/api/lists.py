"""Lists and their pages (API reference, "Pagination"): newest first, cursors are object ids."""

from collections.abc import Callable
from typing import TypeVar

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.errors import invalid
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.values import Json, JsonObject, text, whole

R = TypeVar("R", bound=Record)
LIMIT_DEFAULT, LIMIT_MAX = 10, 100  # "Limit can range between 1 and 100, and the default is 10"
BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def newest_first(records: list[R]) -> list[R]:
    """Of one second, the one written last comes first."""
    numbered = sorted(enumerate(records), key=lambda pair: (pair[1].created, pair[0]), reverse=True)
    return [record for _, record in numbered]


def page(call: Call, kind: type[R], keep: Callable[[R], bool], wire: Callable[[R], JsonObject]) -> JsonObject:
    """One page of the records that `keep` accepts. Raises ApiError for a bad limit or an unknown cursor."""
    kept = [record for record in call.transaction.all(kind) if keep(record) and created_within(call, record.created)]
    records = newest_first(kept)
    limit = limit_of(call)
    starting_after, ending_before = text(call.params, "starting_after"), text(call.params, "ending_before")
    if starting_after is not None:
        rest = records[place_of(call, kind, records, starting_after, "starting_after") + 1 :]
        chosen, more = rest[:limit], len(rest) > limit
    elif ending_before is not None:
        rest = records[: place_of(call, kind, records, ending_before, "ending_before")]
        chosen, more = rest[-limit:], len(rest) > limit
    else:
        chosen, more = records[:limit], len(records) > limit
    data: list[Json] = [wire(record) for record in chosen]
    return {"object": "list", "data": data, "has_more": more, "url": call.path}


def limit_of(call: Call) -> int:
    limit = whole(call.params, "limit")
    if limit is None:
        return LIMIT_DEFAULT
    if not 1 <= limit <= LIMIT_MAX:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {LIMIT_MAX}"
        raise invalid(f"This value must be {bound}.", code="parameter_invalid_integer", param="limit")
    return limit


def place_of(call: Call, kind: type[R], records: list[R], cursor: str, param: str) -> int:
    wanted = call.look_up(kind, cursor, param)
    for place, record in enumerate(records):
        if record.id == wanted.id:
            return place
    raise invalid(f"The cursor {cursor} is not in this list.", param=param)


def created_within(call: Call, created: int) -> bool:
    """The `created` filter: a timestamp, or bounds by gt, gte, lt, lte."""
    wanted = call.params.get("created")
    if isinstance(wanted, dict):
        return all(BOUNDS[name](created, bound) for name, bound in wanted.items() if isinstance(bound, int))
    return wanted is None or created == wanted


def matches(call: Call, name: str, value: str | None) -> bool:
    """Whether a filter by exact value lets it pass."""
    wanted = text(call.params, name)
    return wanted is None or wanted == value
