"""The file that tells a world's addresses is readable by its user alone, and by a shell."""

import subprocess
from pathlib import Path

from deploy.local.environment import Keys, billing_environment, read_environment, write_environment


def test_what_is_written_is_read_back_by_us_and_by_a_shell(tmp_path: Path) -> None:
    path = tmp_path / "env"
    settings = {"REFILL_KAFKA_BOOTSTRAP": "127.0.0.1:9", "REFILL_TOPIC_PREFIX": "", "REFILL_X": "a=b"}

    write_environment(path, settings)

    assert read_environment(path) == settings
    told = subprocess.check_output(["sh", "-c", f'. {path}; echo "$REFILL_KAFKA_BOOTSTRAP $REFILL_X"'], text=True)
    assert told == "127.0.0.1:9 a=b\n"


def test_the_file_is_for_its_user_alone_even_when_it_was_not_before(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.touch(0o644)

    write_environment(path, {"REFILL_STRIPE_API_KEY": "sk_test_1"})

    assert path.stat().st_mode & 0o777 == 0o600


def test_every_world_has_test_keys_of_its_own() -> None:
    one, other = Keys.generate(), Keys.generate()

    assert one != other
    assert billing_environment(1, 2, one)["REFILL_STRIPE_API_KEY"].startswith("sk_test_")
