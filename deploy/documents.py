"""Writes the documents that come from the contracts and the tests' marks.

`python -m deploy.documents write`, or `check` that none is stale.

`write` refuses to replace a v1 schema by one that is no additive successor: what is on the wire must stay readable.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from deploy.rules import rules_page
from shared.contracts.documents.additive import breaking_changes
from shared.contracts.documents.asyncapi import documents
from shared.contracts.documents.reasons_page import reasons_page
from shared.contracts.documents.schemas import MESSAGES, JsonObject, envelope_schema, schema_of

ROOT = Path(__file__).parents[1]
SCHEMAS = Path("shared/contracts/schemas")
ASYNCAPI = Path("docs/asyncapi")
REASONS = Path("docs/reasons.md")
RULES = Path("docs/rules.md")


def expected() -> dict[Path, str]:
    """Every generated file, relative to the project's root, with the text it should have."""
    files = {SCHEMAS / f"{name}.json": _json(schema_of(message)) for name, message in MESSAGES.items()}
    files[SCHEMAS / "envelope.json"] = _json(envelope_schema())
    files.update({ASYNCAPI / f"{name}.json": _json(document) for name, document in documents().items()})
    files[REASONS] = reasons_page()
    files[RULES] = rules_page(ROOT)
    return files


def stale(root: Path = ROOT) -> list[str]:
    """What differs from the contracts and marks, one line each; empty when all is well."""
    wanted = expected()
    lines = [f"{path}: missing" for path in wanted if not (root / path).exists()]
    lines += [
        f"{path}: stale"
        for path, text in wanted.items()
        if (root / path).exists() and (root / path).read_text() != text
    ]
    for folder in (SCHEMAS, ASYNCAPI):
        found = {path.relative_to(root) for path in (root / folder).glob("*.json")}
        lines += [f"{path}: belongs to nothing in the catalog" for path in sorted(found - set(wanted))]
    return lines


def not_additive(root: Path = ROOT) -> list[str]:
    """How the messages break what the committed schemas promise, one line each."""
    lines = []
    for path in sorted((root / SCHEMAS).glob("*.json")):
        committed: JsonObject = json.loads(path.read_text())
        if path.stem == "envelope":
            present = envelope_schema()
        elif path.stem in MESSAGES:
            present = schema_of(MESSAGES[path.stem])
        else:
            lines.append(f"{path.stem}: the message is gone")
            continue
        lines += [f"{path.stem}: {change}" for change in breaking_changes(committed, present)]
    return lines


def write(root: Path = ROOT) -> list[str]:
    """Write what is missing or stale, unless a message breaks its schema; then nothing, and the breaks are returned."""
    broken = not_additive(root)
    if broken:
        return broken
    for path, text in expected().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return []


def _json(document: JsonObject) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.documents", description=__doc__)
    parser.add_argument("action", choices=("write", "check"))
    if parser.parse_args().action == "write":
        mend = "A v1 message may only grow optional fields. Make it so, or start a v2."
        problems = write()
    else:
        mend = "Run `python -m deploy.documents write` and commit what it wrote."
        problems = not_additive() + stale()
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(mend, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
