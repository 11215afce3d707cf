"""Java's ahead-of-time cache for the broker: a start of 2 seconds instead of 9, recorded on a first clean stop.

A cache belongs to one runtime and one classpath, so both are in its name. A cache that Java does not accept is
ignored by Java itself; one that was not written to the end never gets its name.
"""

import hashlib
import os
import uuid
from collections.abc import Iterable
from pathlib import Path

from deploy.local.java import AOT_SINCE, Java

QUIETLY = ("-Xlog:aot=off", "-Xlog:cds=off")
KEPT = 4  # 69 MB each; every clone has a runtime of its own


class AotCache:
    """The cache of one runtime and classpath, in the user's cache folder."""

    def __init__(self, folder: Path, java: Java, classpath: Iterable[Path]) -> None:
        self._folder = folder / "kafka-aot"
        self._usable = java.version >= AOT_SINCE
        self._file = self._folder / f"{_fingerprint(java, classpath)}.aot"
        self._recording = self._folder / f"{self._file.name}.recording-{uuid.uuid4().hex[:8]}"

    def missing(self) -> bool:
        """Whether this Java could use one that nobody has recorded yet."""
        return self._usable and not self._file.exists()

    def options_to_use(self) -> list[str]:
        """Java options that use the cache where there is one; a cache that Java refuses is passed over in silence."""
        if not self._usable or not self._file.exists():
            return []
        os.utime(self._file)  # its last use, for the pruning
        return [f"-XX:AOTCache={self._file}", *QUIETLY]

    def options_to_use_or_record(self) -> list[str]:
        """Java options for the broker: use the cache, else record one at its end, else (an older Java) neither."""
        if not self.missing():
            return self.options_to_use()
        self._folder.mkdir(parents=True, exist_ok=True)
        return [f"-XX:AOTCacheOutput={self._recording}", *QUIETLY]

    def keep_recording(self, *, ended_well: bool) -> None:
        """Gives a recording its name by an atomic rename when the broker ended cleanly; throws it away otherwise."""
        if not self._recording.exists():
            return
        if ended_well:
            os.replace(self._recording, self._file)
            self._prune()
        else:
            self._recording.unlink()

    def _prune(self) -> None:
        for old in sorted(self._folder.glob("*.aot*"), key=_last_use, reverse=True)[KEPT:]:
            old.unlink(missing_ok=True)


def _last_use(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another clone pruned it
        return 0.0


def _fingerprint(java: Java, classpath: Iterable[Path]) -> str:
    """Names the runtime by its module file, as Java itself does (place, size, time), and the jars by place and hash-
    checked name."""
    modules = java.home / "lib" / "modules"
    facts = [str(java.launcher), str(java.version)]
    if modules.exists():
        facts += [str(modules.stat().st_size), str(modules.stat().st_mtime_ns)]
    for jar in classpath:
        facts += [str(jar), str(jar.stat().st_mtime_ns)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
