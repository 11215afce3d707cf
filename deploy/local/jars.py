"""The broker's jars: fetched once from Maven Central through jgo, each held against the hash in `kafka-jars.lock`."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.cache import cache_directory
from deploy.local.trouble import Trouble

LOCK = Path(__file__).with_name("kafka-jars.lock")
DOWNLOAD_THREADS = 8  # 46 small files: the waits overlap, and Maven Central still serves eight of one client gladly
ATTEMPTS = 3  # a download that broke off is weather; three in a row are not
TIMEOUT_S = 30


@dataclass(frozen=True)
class Jar:
    """One locked jar: its Maven coordinates and the SHA-256 (hex) of the file."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


Fetch = Callable[[Jar, Path], Path]
"""Brings a jar into the given empty folder and returns its path; raises any exception when it cannot."""


def read_lock(text: str) -> tuple[Jar, ...]:
    """The jars named in a lock file, in its order. Raises ValueError for a line that is not of its form."""
    return tuple(_parse(line) for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _parse(line: str) -> Jar:
    coordinates, _, digest = line.partition(" ")
    parts = coordinates.split(":")
    if len(parts) != 3 or not digest.startswith("sha256:") or len(digest) != len("sha256:") + 64:
        raise ValueError(f"not 'group:artifact:version sha256:<hex>': {line!r}")
    group, artifact, version = parts
    return Jar(group, artifact, version, digest.removeprefix("sha256:"))


def fetch_with_jgo(jar: Jar, folder: Path) -> Path:
    """Fetches one jar from Maven Central. jgo is told each version: its own closure picked an older kafka-clients."""
    from jgo.maven import MavenContext  # takes 0.2 s to import, and a filled cache never needs it

    context = MavenContext(repo_cache=folder, local_repos=[], timeout=TIMEOUT_S)
    return Path(context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve())


def classpath(
    cache: Path | None = None, fetch: Fetch = fetch_with_jgo, jars: Iterable[Jar] | None = None
) -> list[Path]:
    """The jars' files in classpath order, downloading with progress whatever is missing or damaged in the cache.

    Raises Trouble when a jar cannot be fetched or does not have the locked hash.
    """
    wanted = tuple(read_lock(LOCK.read_text()) if jars is None else jars)
    folder = (cache or cache_directory()) / "kafka-jars"
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(DOWNLOAD_THREADS) as pool:
        present = list(pool.map(lambda jar: _has_hash(folder / jar.file_name, jar), wanted))
        missing = [jar for jar, there in zip(wanted, present, strict=True) if not there]
        if missing:
            _download(missing, folder, fetch, pool)
    return [folder / jar.file_name for jar in wanted]


def _download(missing: list[Jar], folder: Path, fetch: Fetch, pool: ThreadPoolExecutor) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("Downloading Apache Kafka", total=len(missing))
        downloads = [pool.submit(_download_one, jar, folder, fetch) for jar in missing]
        try:
            for done in as_completed(downloads):
                done.result()
                progress.advance(task)
        finally:
            for download in downloads:
                download.cancel()


def _download_one(jar: Jar, folder: Path, fetch: Fetch) -> None:
    """Puts one checked jar in place by an atomic rename, so that two clones may download the same jar at once."""
    with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as scratch:
        fetched = _fetch_patiently(jar, Path(scratch), fetch)
        if not _has_hash(fetched, jar):
            raise Trouble(
                f"The downloaded {jar.file_name} is not the file that deploy/local/kafka-jars.lock names "
                "(its SHA-256 differs), so it was thrown away: find out who serves this machine another file."
            )
        os.replace(fetched, folder / jar.file_name)


def _fetch_patiently(jar: Jar, scratch: Path, fetch: Fetch) -> Path:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return fetch(jar, scratch)
        except Exception as error:  # jgo raises errors of requests, urllib3 and its own without one family
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            if attempt == ATTEMPTS:
                raise Trouble(
                    f"Could not download {jar.file_name} from Maven Central ({type(error).__name__}): connect this "
                    "machine to the network for the first run, or set REFILL_CACHE to a cache that is already filled."
                ) from error
    raise AssertionError("unreachable: the last attempt returned or raised")


def _has_hash(path: Path, jar: Jar) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False
