"""The image that the tests' workers and jobs run in: built from this checkout, once for each pytest run."""

from __future__ import annotations

import os
import subprocess

from deploy.local.run_folder import PROJECT
from deploy.local.trouble import Trouble

IMAGE_VARIABLE = "REFILL_TEST_IMAGE"
"""Names an image that is there already, to be tested as it is: then none is built."""

LAST_LINES = 15


def image() -> str:
    """The one that the programs of this run are started in."""
    return os.environ.get(IMAGE_VARIABLE, "refill:local")


def build_image() -> None:
    """`make image`, unless an image was given. Raises Trouble with the end of what it said."""
    if IMAGE_VARIABLE in os.environ:
        return
    done = subprocess.run(
        ["make", "image"], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-LAST_LINES:])
        raise Trouble(f"make image failed ({done.returncode}); the end of what it said:\n{said}")
