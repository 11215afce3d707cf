"""The second file of a project says what one run adds, and nothing that it no longer wants."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from deploy.compose.override import Override


def written(override: Override) -> dict[str, Any]:
    services: dict[str, Any] = json.loads(override.write().read_text())["services"]
    return services


def test_a_service_with_settings_of_its_own_is_not_started_again_by_the_engine(tmp_path: Path) -> None:
    override = Override(tmp_path / "override.json")

    override.set("billing", {"CRASH_AT": "lane.polled:1"})

    assert written(override) == {"billing": {"environment": {"CRASH_AT": "lane.polled:1"}, "restart": "no"}}


def test_settings_taken_away_leave_the_project_as_its_own_file_says(tmp_path: Path) -> None:
    override = Override(tmp_path / "override.json")
    override.set("billing", {"CRASH_AT": "lane.polled:1"})

    override.set("billing", {})

    assert written(override) == {}


def test_a_dollar_in_a_value_is_no_variable_of_compose(tmp_path: Path) -> None:
    override = Override(tmp_path / "override.json")

    override.set("billing", {"PASSWORD": "a$b"})

    assert written(override)["billing"]["environment"] == {"PASSWORD": "a$$b"}


def test_a_folder_takes_the_place_of_a_volume_beside_settings(tmp_path: Path) -> None:
    override = Override(tmp_path / "override.json")
    override.mount("stripe-sandbox", tmp_path, "/data")
    override.set("stripe-sandbox", {"A": "b"})

    assert written(override)["stripe-sandbox"] == {
        "environment": {"A": "b"},
        "restart": "no",
        "volumes": [{"type": "bind", "source": str(tmp_path), "target": "/data"}],
    }


def test_written_side_by_side_it_is_always_whole(tmp_path: Path) -> None:
    override = Override(tmp_path / "override.json")
    override.set("billing", {"CRASH_AT": "here"})

    with ThreadPoolExecutor(8) as together:
        written = list(together.map(lambda _: json.loads(override.write().read_text()), range(64)))

    assert all(each == written[0] for each in written)
    assert list(tmp_path.iterdir()) == [override.path]
