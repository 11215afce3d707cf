"""Catalog versions in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from services.billing.domain.price import Catalog, Package
from shared.contracts.price_catalog import CatalogPublished
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "catalogs.sql")


class Catalogs:
    """What was ever for sale (B4, B5)."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def store(self, published: CatalogPublished) -> bool:
        """Keep a version; false when it is known already. A version once published is never changed."""
        version = {"catalog_version": published.catalog_version}
        inserted = self._connection.execute(
            QUERIES["store_catalog"], {**version, "effective_at": published.effective_at}
        ).fetchone()
        if inserted is None:
            return False
        self._connection.execute(
            QUERIES["store_packages"],
            {
                **version,
                "package_ids": [package.package_id for package in published.packages],
                "credits": [package.credits for package in published.packages],
                "prices_minor": [package.price_minor for package in published.packages],
                "currencies": [package.currency for package in published.packages],
                "retired": [package.retired for package in published.packages],
            },
        )
        return True

    def in_force(self, at: datetime) -> Catalog | None:
        """The catalog that a command appended at this instant is decided by."""
        row = self._connection.execute(QUERIES["in_force"], {"at": at}).fetchone()
        return None if row is None else self._with_packages(*row)

    def of_version(self, version: int) -> Catalog | None:
        """One version, in force or not; None when it is not known."""
        row = self._connection.execute(QUERIES["catalog"], {"catalog_version": version}).fetchone()
        return None if row is None else self._with_packages(*row)

    def versions(self) -> frozenset[int]:
        """Every version known here."""
        return frozenset(version for (version,) in self._connection.execute(QUERIES["versions"]))

    def _with_packages(self, version: int, effective_at: datetime) -> Catalog:
        with self._connection.cursor(row_factory=class_row(Package)) as cursor:
            packages = cursor.execute(QUERIES["packages"], {"catalog_version": version}).fetchall()
        return Catalog(version, effective_at, {package.package_id: package for package in packages})
