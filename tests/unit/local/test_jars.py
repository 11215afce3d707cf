"""The broker's jars are those that the lock names, or none."""

import hashlib
from pathlib import Path

import pytest

from deploy.local.jars import LOCK, Jar, classpath, read_lock
from deploy.local.trouble import Trouble

CONTENT = b"a jar"
JAR = Jar("org.example", "broker", "1.0", hashlib.sha256(CONTENT).hexdigest())


class Central:
    """Stands in for Maven Central: serves one content for every jar and counts how often."""

    def __init__(self, content: bytes = CONTENT, failures: int = 0) -> None:
        self.content = content
        self.asked = 0
        self._failures = failures

    def fetch(self, jar: Jar, folder: Path) -> Path:
        self.asked += 1
        if self.asked <= self._failures:
            raise ConnectionError("reset")
        path = folder / "deep" / jar.file_name
        path.parent.mkdir()
        path.write_bytes(self.content)
        return path


def test_the_committed_lock_names_every_jar_of_the_broker_with_its_hash() -> None:
    jars = read_lock(LOCK.read_text())

    assert len(jars) == 46
    assert "kafka_2.13-4.3.1.jar" in [jar.file_name for jar in jars]
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)


@pytest.mark.parametrize("line", ["org.example:broker sha256:" + "0" * 64, "a:b:1 md5:00", "a:b:1 sha256:00", "a:b:1"])
def test_a_lock_line_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="group:artifact:version"):
        read_lock(line)


def test_a_jar_is_fetched_once_and_then_served_from_the_cache(tmp_path: Path) -> None:
    central = Central()

    first = classpath(tmp_path, central.fetch, [JAR])
    second = classpath(tmp_path, central.fetch, [JAR])

    assert central.asked == 1
    assert first == second
    assert [path.read_bytes() for path in first] == [CONTENT]


def test_a_downloaded_jar_with_another_hash_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"broker-1\.0\.jar is not the file that .*kafka-jars\.lock names"):
        classpath(tmp_path, Central(b"another jar").fetch, [JAR])

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_damaged_jar_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    [path] = classpath(tmp_path, Central().fetch, [JAR])
    path.write_bytes(CONTENT[:2])

    classpath(tmp_path, Central().fetch, [JAR])

    assert path.read_bytes() == CONTENT


def test_a_broken_download_is_tried_again(tmp_path: Path) -> None:
    central = Central(failures=2)

    [path] = classpath(tmp_path, central.fetch, [JAR])

    assert central.asked == 3
    assert path.read_bytes() == CONTENT


def test_without_network_the_mend_is_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="connect this machine to the network for the first run, or set REFILL_CACHE"):
        classpath(tmp_path, Central(failures=99).fetch, [JAR])
