"""Dead letters: look at them, write their originals again, or put them away. What is done is taken down first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Annotated, Any
from uuid import uuid4

import typer

from services.cli.commands.correcting import Operator, operator_or_you
from services.cli.dead_letters import Deed, Letter, Wanted, kept_letters
from services.cli.options import AsJson
from services.cli.originals import Lost, content, masked, original
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from services.cli.settings import connected, kafka_settings
from shared.contracts.audit import DeadLetterDiscarded, DeadLetterRedriven
from shared.contracts.catalog import BY_NAME, DEAD_LETTERS, OPS_AUDIT
from shared.contracts.flaws import FLAW_MEANINGS, Flaw
from shared.contracts.instants import instant
from shared.messaging.log import Parcel

Ids = Annotated[list[str] | None, typer.Argument(metavar="LETTER...", help="their ids", show_default=False)]
Service = Annotated[str | None, typer.Option(help="only those of this service", show_default=False)]
SourceTopic = Annotated[str | None, typer.Option("--topic", help="only originals of this topic", show_default=False)]
OfFlaw = Annotated[Flaw | None, typer.Option("--flaw", help="only for this reason", show_default=False)]
Since = Annotated[str | None, typer.Option(help="only originals since then, RFC 3339", show_default=False)]
Until = Annotated[str | None, typer.Option(help="only originals before then", show_default=False)]
Everything = Annotated[bool, typer.Option("--all", help="also those about which something was done")]
Why = Annotated[str, typer.Option("--reason", help="why; it is kept", show_default=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="say what would be done, and do nothing")]


def list_letters(
    service: Service = None,
    topic: SourceTopic = None,
    flaw: OfFlaw = None,
    since: Since = None,
    until: Until = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """List dead letters that wait for a person, in the order of the originals."""
    wanted = _wanted(service, topic, flaw, since, until, open_only=not everything)
    found = [letter for letter in kept_letters(kafka_settings()) if wanted.takes(letter)]
    output = Output(as_json=as_json)
    if as_json:
        for letter in found:
            output.document(_document(letter))
        return
    rows = [_row(letter) for letter in found]
    if rows:
        output.table("dead letters", ("letter", "appended", "service", "original", "flaw", "state"), rows)
    output.say(f"dead letters: {len(rows)}", "bold" if rows else "dim")


def show(
    letter_id: Annotated[str, typer.Argument(metavar="LETTER", help="its id", show_default=False)],
    contents: Annotated[
        bool, typer.Option("--contents", help="the whole original, with whatever people wrote in it")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one: what is wrong, what it looks like without personal data, and what was done about it."""
    (letter,) = _by_id([letter_id], kept_letters(kafka_settings()))
    document = _document(letter)
    document["meaning"] = FLAW_MEANINGS[letter.content.reason]
    document["done"] = [
        {"at": done.at.isoformat(), "what": done.told(), "reason": done.deed.reason} for done in letter.done
    ]
    document["original"] = content(letter.content) if contents else masked(letter.content)
    output = Output(as_json=as_json)
    if as_json:
        output.document(document)
        return
    output.table("dead letter", ("what", "is"), [(name, _shown(value)) for name, value in document.items()])


def redrive(
    reason: Why,
    letter_ids: Ids = None,
    service: Service = None,
    topic: SourceTopic = None,
    flaw: OfFlaw = None,
    since: Since = None,
    until: Until = None,
    who: Operator = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Write originals to their topics again: same id, same key, in their order. Again and again has one effect."""
    output = Output(as_json=as_json)
    chosen = _chosen(letter_ids, _wanted(service, topic, flaw, since, until, open_only=True))
    parcels: list[tuple[Letter, Parcel]] = []
    lost: list[Letter] = []
    for letter in chosen:
        try:
            parcels.append((letter, original(letter.content)))
        except Lost as why:
            lost.append(letter)
            _say(output, letter, "not to be redriven", str(why), "yellow")
    if parcels and not dry_run:
        deeds = [_deed(DeadLetterRedriven, letter, who, reason) for letter, _ in parcels]
        _do(deeds, [parcel for _, parcel in parcels])
    for letter, _ in parcels:
        _say(output, letter, "would be redriven" if dry_run else "redriven", "", "green")
    output.say(f"{'would be ' if dry_run else ''}redriven: {len(parcels)} of {len(chosen)}", "bold")
    if lost:
        raise typer.Exit(Exit.REFUSED)


def discard(
    reason: Why,
    letter_ids: Ids = None,
    service: Service = None,
    topic: SourceTopic = None,
    flaw: OfFlaw = None,
    since: Since = None,
    until: Until = None,
    who: Operator = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say that nothing is to be done about them any more. They stay where they are, and out of `list`."""
    output = Output(as_json=as_json)
    chosen = _chosen(letter_ids, _wanted(service, topic, flaw, since, until, open_only=True))
    if chosen and not dry_run:
        _do([_deed(DeadLetterDiscarded, letter, who, reason) for letter in chosen], [])
    for letter in chosen:
        _say(output, letter, "would be discarded" if dry_run else "discarded", "", "green")
    output.say(f"{'would be ' if dry_run else ''}discarded: {len(chosen)}", "bold")


def _wanted(
    service: str | None,
    topic: str | None,
    flaw: Flaw | None,
    since: str | None,
    until: str | None,
    *,
    open_only: bool,
) -> Wanted:
    for name, known in ((service, DEAD_LETTERS), (topic, BY_NAME)):
        if name is not None and name not in known:
            raise Problem(f"{name} is not known.", f"Known: {', '.join(known)}.", Exit.USAGE)
    return Wanted(service, topic, flaw, _time(since), _time(until), open_only)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise Problem(f"{text} is no time.", "Write it as 2026-01-31T12:00:00Z.", Exit.USAGE) from error


def _chosen(letter_ids: Sequence[str] | None, wanted: Wanted) -> list[Letter]:
    """By their ids, or all open ones that the filters take: never all for want of a word."""
    filtered = wanted != Wanted()
    if bool(letter_ids) == filtered:
        mend = "Name letters by id, or say which with --service, --topic, --flaw, --since or --until."
        raise Problem("It must be clear which letters are meant, in one way.", mend, Exit.USAGE)
    letters = kept_letters(kafka_settings())
    if letter_ids:
        return _by_id(letter_ids, letters)
    return [letter for letter in letters if wanted.takes(letter)]


def _by_id(letter_ids: Sequence[str], letters: Sequence[Letter]) -> list[Letter]:
    unknown = sorted(set(letter_ids) - {letter.id for letter in letters})
    if unknown:
        mend = "`refill dead-letters list --all` shows what is kept."
        raise Problem(f"No such dead letter: {', '.join(unknown)}.", mend, Exit.USAGE)
    return [letter for letter in letters if letter.id in letter_ids]


def _deed(kind: type[Deed], letter: Letter, who: str | None, reason: str) -> Deed:
    content = letter.content
    return kind(
        letter_id=letter.id,
        operator_id=operator_or_you(who),
        reason=reason,
        service=content.service,
        source_topic=content.source_topic,
        source_partition=content.source_partition,
        source_offset=content.source_offset,
        element=content.element,
        value_sha256=content.value_sha256,
    )


def _do(deeds: Sequence[Deed], parcels: Sequence[Parcel]) -> None:
    """Take the deeds down, then do them: what is done without a record cannot be. Raises Problem, `NotSent`."""
    topics = list(dict.fromkeys(parcel.topic for parcel in parcels))
    with closing(connected(to_write=[OPS_AUDIT, *topics])) as client:
        client.deliver(client.parcel(OPS_AUDIT, deed, str(uuid4())) for deed in deeds)
        client.deliver(parcels)


def _document(letter: Letter) -> dict[str, Any]:
    content = letter.content
    return {
        "letter": letter.id,
        "state": letter.state,
        "service": content.service,
        "where": letter.where,
        "appended_at": content.appended_at.isoformat(),
        "dead_lettered_at": letter.at.isoformat(),
        "flaw": content.reason.value,
        "detail": content.detail,
        "sha256": content.value_sha256,
    }


def _row(letter: Letter) -> tuple[object, ...]:
    content = letter.content
    appended = f"{content.appended_at:%Y-%m-%d %H:%M:%S}"
    return letter.id, appended, content.service, letter.where, content.reason.value, letter.state


def _shown(value: object) -> str:
    if isinstance(value, list) and all(isinstance(part, dict) and "what" in part for part in value):
        return "; ".join(f"{part['at']} {part['what']}: {part['reason']}" for part in value) or "nothing yet"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def _say(output: Output, letter: Letter, what: str, why: str, style: str) -> None:
    if output.as_json:
        output.document({"letter": letter.id, "where": letter.where, "outcome": what, **({"why": why} if why else {})})
    else:
        output.say(f"{letter.id} {letter.where}: {what}{'. ' + why if why else ''}", style)
