"""Catalog versions: quotas, and the prices of the actions that are asked for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import psycopg

from services.credit_ledger.domain.catalog import ActionPrice, Catalogs, CatalogVersion
from shared.contracts.price_catalog import CatalogPublished
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("directory.sql"))


class CatalogRows:
    """Rows of `catalogs` and `action_prices`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def add(self, catalog: CatalogPublished) -> None:
        """Keep a version; one that is known stays as it is."""
        values = {
            "catalog_version": catalog.catalog_version,
            "effective_at": catalog.effective_at,
            **catalog.quotas.model_dump(),
            "low_balance_percent": catalog.low_balance_percent,
        }
        if self._connection.execute(QUERIES["add_catalog"], values).fetchone() is None:
            return
        prices = catalog.action_prices
        self._connection.execute(
            QUERIES["add_action_prices"],
            {
                "catalog_version": catalog.catalog_version,
                "actions": [price.action for price in prices],
                "credits": [price.credits for price in prices],
                "pers": [price.per for price in prices],
            },
        )

    def read(self, actions: Collection[str] = ()) -> Catalogs:
        """All versions, with the prices of these actions."""
        prices: dict[int, dict[str, ActionPrice]] = {}
        if actions:
            for version, action, credits, per in self._connection.execute(
                QUERIES["action_prices"], {"actions": sorted(actions)}
            ):
                prices.setdefault(version, {})[action] = ActionPrice(credits, per)
        rows = self._connection.execute(QUERIES["catalogs"])
        return Catalogs(
            CatalogVersion(
                version,
                effective_at,
                free_first_period,
                {
                    "free": free,
                    "pro_editor": pro_editor,
                    "pro_guest_editor": pro_guest,
                    "business_editor": business_editor,
                    "business_guest_editor": business_guest,
                },
                prices.get(version, {}),
                low_balance_percent,
            )
            for (
                version,
                effective_at,
                free_first_period,
                free,
                pro_editor,
                pro_guest,
                business_editor,
                business_guest,
                low_balance_percent,
            ) in rows
        )
