"""The cache is where the user says, else where the platform keeps caches, else a plain sentence."""

from pathlib import Path

import pytest

from deploy.local.cache import cache_directory
from deploy.local.trouble import Trouble


def test_the_users_own_choice_comes_first(tmp_path: Path) -> None:
    chosen = tmp_path / "deep" / "cache"

    assert cache_directory({"REFILL_CACHE": str(chosen), "XDG_CACHE_HOME": str(tmp_path)}) == chosen
    assert chosen.is_dir()


def test_the_platforms_cache_home_comes_next(tmp_path: Path) -> None:
    assert cache_directory({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "refill"


def test_a_place_that_cannot_be_written_is_named_with_the_mend(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    with pytest.raises(Trouble, match=r"cannot be written by this user: set REFILL_CACHE"):
        cache_directory({"XDG_CACHE_HOME": str(blocked)})
