"""What operations measured, on its way to the end of the run, where it is printed."""

from __future__ import annotations

NEW: list[str] = []
"""Lines of the test that runs now, on their way to the report on it: what prints them may be another process."""
