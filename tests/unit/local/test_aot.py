"""The start-up cache belongs to one runtime and one classpath, and exists whole or not at all."""

from pathlib import Path

import pytest

from deploy.local.aot import KEPT, AotCache
from deploy.local.java import Java


@pytest.fixture
def java(tmp_path: Path) -> Java:
    modules = tmp_path / "java" / "lib" / "modules"
    modules.parent.mkdir(parents=True)
    modules.write_bytes(b"modules")
    return Java(tmp_path / "java" / "bin" / "java", 25, tmp_path / "java")


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "broker.jar"
    path.write_bytes(b"jar")
    return path


def recorded_file(options: list[str]) -> Path:
    """The file that Java would write, named in its options."""
    [option] = [option for option in options if option.startswith("-XX:AOTCacheOutput=")]
    return Path(option.partition("=")[2])


def test_a_first_run_records_and_the_next_uses_what_was_recorded(tmp_path: Path, java: Java, jar: Path) -> None:
    cache = AotCache(tmp_path, java, [jar])
    assert cache.missing()
    recorded_file(cache.options_to_use_or_record()).write_bytes(b"cache")

    cache.keep_recording(ended_well=True)

    assert not cache.missing()
    [use] = [option for option in cache.options_to_use_or_record() if option.startswith("-XX:AOTCache=")]
    assert Path(use.partition("=")[2]).read_bytes() == b"cache"


def test_a_recording_of_a_broker_that_was_killed_is_thrown_away(tmp_path: Path, java: Java, jar: Path) -> None:
    cache = AotCache(tmp_path, java, [jar])
    recording = recorded_file(cache.options_to_use_or_record())
    recording.write_bytes(b"half a cache")

    cache.keep_recording(ended_well=False)

    assert not recording.exists()
    assert cache.options_to_use() == []


def test_another_runtime_or_another_jar_has_a_cache_of_its_own(tmp_path: Path, java: Java, jar: Path) -> None:
    first = recorded_file(AotCache(tmp_path, java, [jar]).options_to_use_or_record())

    (java.home / "lib" / "modules").write_bytes(b"other modules")
    second = recorded_file(AotCache(tmp_path, java, [jar]).options_to_use_or_record())
    jar.rename(jar.with_name("broker-2.jar"))
    third = recorded_file(AotCache(tmp_path, java, [jar.with_name("broker-2.jar")]).options_to_use_or_record())

    assert len({first, second, third}) == 3


def test_a_java_that_knows_no_such_cache_gets_no_options(tmp_path: Path, java: Java, jar: Path) -> None:
    cache = AotCache(tmp_path, Java(java.launcher, 17, java.home), [jar])
    assert cache.options_to_use_or_record() == []
    assert not cache.missing()


def test_old_caches_are_pruned(tmp_path: Path, java: Java, jar: Path) -> None:
    for version in range(25, 25 + KEPT + 3):
        cache = AotCache(tmp_path, Java(java.launcher, version, java.home), [jar])
        recorded_file(cache.options_to_use_or_record()).write_bytes(b"cache")
        cache.keep_recording(ended_well=True)

    assert len(list((tmp_path / "kafka-aot").iterdir())) == KEPT
