"""The price catalog: check a file, publish a version, show the one in force."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from services.cli.catalog_faults import conflicts, faults
from services.cli.listening import Event, latest_events
from services.cli.money import money
from services.cli.options import AsJson
from services.cli.outcome import Exit, Problem
from services.cli.output import Output, as_document
from services.cli.settings import connected, kafka_settings
from services.cli.telling import printable
from shared.contracts.catalog import PRICE_CATALOG
from shared.contracts.price_catalog import CatalogPublished

File = Annotated[Path, typer.Argument(help="a catalog, bare or as an event; - reads it here", show_default=False)]


def check(
    file: File,
    published: Annotated[
        bool, typer.Option("--published", help="also beside the versions that were published; needs Kafka")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with a catalog at once. Nothing is sent."""
    catalog = _checked(_read(file), file)
    if published:
        _fits(catalog, file)
    output = Output(as_json=as_json)
    if as_json:
        output.document({"checked": catalog.catalog_version, "packages": len(catalog.packages)})
    output.say(f"Catalog {catalog.catalog_version} can be published.")


def publish(file: File, as_json: AsJson = False) -> None:
    """Publish a version of the price catalog. All versions live side by side; one is in force at a time."""
    catalog = _checked(_read(file), file)
    _fits(catalog, file)
    with closing(connected(to_write=[PRICE_CATALOG])) as client:
        # The version is the id: published again it is the same fact.
        client.send(PRICE_CATALOG, catalog, event_id=f"catalog-{catalog.catalog_version}")
    output = Output(as_json=as_json)
    if as_json:
        output.document({"published": catalog.catalog_version, "effective_at": catalog.effective_at.isoformat()})
    output.say(f"Published catalog {catalog.catalog_version}, in force from {catalog.effective_at:%Y-%m-%d %H:%M}Z.")


def show(
    version: Annotated[int | None, typer.Option(help="this version; the one in force when left out")] = None,
    as_json: AsJson = False,
) -> None:
    """Show packages, quotas and action prices."""
    event = _pick(list(latest_events(kafka_settings(), PRICE_CATALOG).values()), version)
    output = Output(as_json=as_json)
    if as_json:
        output.document(as_document(event))
        return
    catalog = event.message
    assert isinstance(catalog, CatalogPublished)
    title = f"catalog {catalog.catalog_version}, in force from {catalog.effective_at:%Y-%m-%d %H:%M}Z"
    output.table(
        title,
        ("package", "credits", "price", ""),
        [
            (p.package_id, p.credits, money(p.price_minor, p.currency), "retired" if p.retired else "")
            for p in catalog.packages
        ],
    )
    quotas = catalog.quotas.model_dump().items()
    output.table(
        "quotas", ("seat", "credits a period"), [(seat.replace("_", " "), credits) for seat, credits in quotas]
    )
    prices = [(price.action, f"{price.credits} for every started {price.per:,}") for price in catalog.action_prices]
    output.table("actions", ("action", "credits"), prices)


def _read(file: Path) -> object:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise Problem(f"{file}: {error}.", "Give a file that holds one JSON object.", Exit.USAGE) from error
    return document.get("data", document) if isinstance(document, dict) else document


def _checked(document: object, file: Path) -> CatalogPublished:
    _refuse(faults(document), file)
    return CatalogPublished.model_validate(document)


def _fits(catalog: CatalogPublished, file: Path) -> None:
    """Raises Problem when it contradicts what was published."""
    events = latest_events(kafka_settings(), PRICE_CATALOG).values()
    _refuse(conflicts(catalog, [e.message for e in events if isinstance(e.message, CatalogPublished)]), file)


def _refuse(found: list[str], file: Path) -> None:
    if found:
        count = "1 fault" if len(found) == 1 else f"{len(found)} faults"
        what = "\n".join((f"{file}: {count}.", *(f"  {printable(fault)}" for fault in found)))
        raise Problem(what, "Nothing was sent. Mend them and check again.", Exit.USAGE)


def _pick(events: list[Event], version: int | None) -> Event:
    def key(event: Event) -> tuple[datetime, int]:
        assert isinstance(event.message, CatalogPublished)
        return event.message.effective_at, event.message.catalog_version

    now = datetime.now(UTC)
    found = [e for e in events if (key(e)[0] <= now if version is None else key(e)[1] == version)]
    if not found:
        what = "No catalog is in force." if version is None else f"There is no catalog {version}."
        raise Problem(what, "Publish one: `refill catalog publish examples/catalog.json`.", Exit.REFUSED)
    return max(found, key=key)
