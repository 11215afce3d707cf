"""`docs/rules.md`: every rule of the domain with the tests that show it, read from the tests' own marks.

A rule without a test fails the build (`tests/architecture/test_rules.py`), and so does a mark that names no rule.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

RULES: dict[str, dict[str, str]] = {
    "Buying": {
        "B1": "Top-ups are sold on plan Pro or Business with status active, and on no other.",
        "B2": "Only the owner or an admin buys, by the directory and never by what a message says.",
        "B3": "One or more members who can edit are chosen, none twice; each gets the package.",
        "B4": "Only a package that the catalog sells, of 3,000 to 100,000 credits.",
        "B5": "What was reviewed is what is charged; if anything differs, nothing is.",
        "B6": "One charge for the whole purchase, on the workspace's saved payment method, with the buyer present.",
        "B7": "A purchase id has one content and one charge, however often it comes.",
        "B8": "Paid means credited: all lines together or none.",
        "B9": "Declined or to be confirmed: nothing is credited, the buyer is told, and the same payment goes on.",
        "B10": "An unknown outcome is retried with its key inside 23 hours, then only looked up, never charged anew.",
        "B11": "A refund freezes, refunds, then takes back; what was spent becomes debt; never more than was paid.",
        "B12": "A dispute freezes what is unspent; lost, it is taken back; won, it is given back exactly.",
        "B13": "Spending has caps per workspace and buyer, a payment method has a budget of attempts.",
        "B14": "Auto top-up, where asked for, buys below a threshold within its cap, and backs off when declined.",
        "B15": "Operators grant and correct with a reason, within a limit, on the record; never by editing rows.",
    },
    "Asking": {
        "A1": "A member who can edit and may not buy asks; who may buy is told so, a viewer is refused.",
        "A2": "Only where top-ups are sold; the member chooses a package.",
        "A3": "Owner and admins are told, with a link that opens the purchase filled in.",
        "A4": "A request is claimed by one purchase before any charge; of two admins at once one wins.",
        "A5": "One open request per asker; asking again changes nothing.",
        "A6": "The outcome is told to the asker, and the notices of the others are settled.",
    },
    "Credits": {
        "C1": "Quota burns before what was bought, and of that the oldest first.",
        "C2": "What was bought neither renews nor ends.",
        "C3": "It belongs to one user in one workspace and never moves.",
        "C4": "Without an active paid plan what was bought is paused; no balance moves.",
        "C5": "Who cannot edit uses no credits; the same derivation.",
        "C6": "Quota by plan and seat, pooled on Free, all from the catalog.",
        "C7": "Quota renews on the cycle date, in UTC, on the last day of shorter months; the rest lapses.",
        "C8": "A changed plan or seat resizes the quota: left is the new one less what was used, never below 0.",
        "C9": "Credits are held before work, then captured, released, or given back by the clock.",
        "C10": "A usage burns whole or not at all, and a refusal says by how much it was short.",
        "C11": "The id of a usage, a hold or a purchase has one effect for ever.",
        "C12": "A usage taken back returns to the lots it came from; what lapsed stays lapsed.",
        "C13": "No lot is ever below zero.",
        "C14": "Every movement has both its accounts, nothing is changed afterwards, and anyone may check.",
        "C15": "Low and exhausted are told once per crossing.",
        "C16": "For an hour after a period's end its quota still takes what occurred in it.",
        "C17": "An action is priced by the catalog in force when it occurred.",
    },
    "Telling": {
        "N1": "A request is told to the owner and the admins, in-app and by mail.",
        "N2": "Outcomes, receipts, declines, pauses and low balances are told to whom they concern.",
        "N3": "Who is told is looked up when it is delivered, never taken from a message.",
        "N4": "In-app once per event and person; a mail keeps its Message-ID.",
        "N5": "Of a storm the first is mailed at once, the rest as a digest.",
        "N6": "A dead mail server delays mail and nothing else.",
    },
}

NUMBERS = tuple(number for rules in RULES.values() for number in rules)

Shown = dict[str, list[str]]
"""By rule, the tests that show it, as pytest names them."""


def shown(root: Path) -> Shown:
    """What the marks of all tests say, in the order of the files. Also numbers that are no rules."""
    tests: Shown = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name, numbers in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            for number in sorted(numbers):
                tests.setdefault(number, []).append(f"{path.relative_to(root).as_posix()}::{name}")
    return tests


def rules_page(root: Path) -> str:
    """The page as Markdown."""
    tests = shown(root)
    parts = [_HEAD]
    for title, rules in RULES.items():
        parts.append(f"## {title}\n")
        parts += [_section(number, sentence, tests.get(number, [])) for number, sentence in rules.items()]
    return "\n".join(parts)


_HEAD = """# Rules

Generated by `python -m deploy.documents write` from the tests' marks, `@pytest.mark.rule("B7")`, and the sentences in
`deploy/rules.py`. A rule without a test fails the build.
"""


def _section(number: str, sentence: str, tests: list[str]) -> str:
    lines = [f"### {number}\n", f"{sentence}\n", *(f"- `{test}`" for test in tests)]
    return "\n".join(lines) + "\n"


def _marked(module: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Each test of a file with the rules that it is marked with: itself, by its class or its module, or one case."""
    everywhere = {number for node in module.body if _is_pytestmark(node) for number in _numbers(node)}
    yield from _below(module.body, "", everywhere)


def _below(body: list[ast.stmt], prefix: str, given: set[str]) -> Iterator[tuple[str, set[str]]]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            numbers = given.union(*(_numbers(decorator) for decorator in node.decorator_list))
            if isinstance(node, ast.ClassDef):
                yield from _below(node.body, f"{prefix}{node.name}::", numbers)
            elif node.name.startswith("test_"):
                yield f"{prefix}{node.name}", numbers


def _is_pytestmark(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(x, ast.Name) and x.id == "pytestmark" for x in node.targets)


def _numbers(node: ast.AST) -> set[str]:
    """The arguments of every `pytest.mark.rule` in it."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)]
    marks = [each for each in calls if isinstance(each.func, ast.Attribute) and each.func.attr == "rule"]
    return {str(arg.value) for mark in marks for arg in mark.args if isinstance(arg, ast.Constant)}
