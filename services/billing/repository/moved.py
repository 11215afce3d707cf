"""What a compare-and-set says when it finds something moved."""

from __future__ import annotations


class NotWhereItWas(Exception):
    """A row is in another state than was read under the same lock: a bug, never a race."""
