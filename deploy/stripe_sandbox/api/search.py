"""/v1/payment_intents/search and its query language (Stripe docs, "Search": query structure and language).

`field:value` is exact, `~` a part of a text, `>` `<` `>=` `<=` compare numbers, `-` negates, `metadata["key"]` names a
key; clauses are joined by AND or by OR, never both. "Don't use search for read-after-write flows": what was made within
`search_lag_s` is not found; the lag is settable, since in an outage it is an hour.
"""

import re
from collections.abc import Callable

from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.lists import limit_of, newest_first
from deploy.stripe_sandbox.errors import ApiError, invalid
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.values import Json, JsonObject, text

CLAUSE = re.compile(
    r"""\s*(?P<minus>-?)(?P<field>[a-z_]+)(?:\[(?P<mark>["'])(?P<key>(?:\\.|(?!(?P=mark)).)*)(?P=mark)\])?"""
    r"""\s*(?P<sign>:|~|>=|<=|>|<)\s*(?P<value>null|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|-?\d+)""",
    re.VERBOSE,
)
JOINT = re.compile(r"\s+(AND|OR)\s+|\s+", re.IGNORECASE)
TEXTS = ("currency", "customer", "status")  # "Query fields for PaymentIntents"
NUMBERS = ("amount", "created")
COMPARE: dict[str, Callable[[int, int], bool]] = {
    ":": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
Test = Callable[[PaymentIntent], bool]


def search(call: Call) -> JsonObject:
    test = parse(text(call.params, "query") or "")
    horizon = call.transaction.now - call.search_lag_s
    intents = newest_first(call.transaction.all(PaymentIntent))
    found = [intent for intent in intents if intent.created <= horizon and test(intent)]
    start = offset_of(text(call.params, "page"))
    limit = limit_of(call)
    data: list[Json] = [intent.wire() for intent in found[start : start + limit]]
    more = len(found) > start + limit
    following = f"page_{start + limit}" if more else None
    return {"object": "search_result", "data": data, "has_more": more, "next_page": following, "url": call.path}


def offset_of(page: str | None) -> int:
    if page is None:
        return 0
    if not re.fullmatch(r"page_\d+", page):
        raise invalid(f"Invalid page token: {page}", param="page")
    return int(page.removeprefix("page_"))


def parse(query: str) -> Test:
    """Raises ApiError 400 for what the language does not have."""
    tests: list[Test] = []
    joints: set[str] = set()
    place = 0
    while place < len(query.rstrip()):
        clause = CLAUSE.match(query, place)
        if clause is None:
            raise unreadable(query)
        tests.append(test_of(clause, query))
        place = clause.end()
        joint = JOINT.match(query, place)
        if joint is not None and place < len(query.rstrip()):
            joints.add((joint[1] or "AND").upper())
            place = joint.end()
    if not tests or len(joints) > 1:
        raise unreadable(query)
    if joints == {"OR"}:
        return lambda intent: any(test(intent) for test in tests)
    return lambda intent: all(test(intent) for test in tests)


def test_of(clause: re.Match[str], query: str) -> Test:
    field, key, sign = clause["field"], clause["key"], clause["sign"]
    literal = clause["value"]
    value = re.sub(r"\\(.)", r"\1", literal[1:-1]) if literal[0] in "\"'" else literal
    known = key is not None if field == "metadata" else key is None and field in TEXTS + NUMBERS
    if not known or (sign == "~" and field != "metadata"):
        raise ApiError(400, "invalid_request_error", f"Field `{field}` is an unsupported search field.", executed=False)
    if field in NUMBERS:
        if not value.lstrip("-").isdigit() or sign not in COMPARE:
            raise unreadable(query)
        compare, bound = COMPARE[sign], int(value)
        return negated(clause["minus"], lambda intent: compare(getattr(intent, field), bound))
    if sign not in (":", "~"):
        raise unreadable(query)
    return negated(clause["minus"], lambda intent: holds(intent, field, key, sign, value, literal == "null"))


def holds(intent: PaymentIntent, field: str, key: str | None, sign: str, value: str, absent: bool) -> bool:
    actual = intent.metadata.get(key) if key is not None else getattr(intent, field)
    if absent or actual is None:
        return absent and actual is None
    return value.lower() in actual.lower() if sign == "~" else bool(value.lower() == actual.lower())


def negated(minus: str, test: Test) -> Test:
    return (lambda intent: not test(intent)) if minus else test


def unreadable(query: str) -> ApiError:
    message = f"We were unable to parse your search query: {query}. See https://stripe.com/docs/search for the syntax."
    return ApiError(400, "invalid_request_error", message, executed=False)
