"""How Hypothesis chooses its examples: the same ones in every run, or, where a person looks for more, new ones.

A build that is red must be red again: `make test` tries what it tried before. `make test-deep` searches.
"""

from hypothesis import settings

REPEATABLE, SEARCHING = "repeatable", "searching"

settings.register_profile(REPEATABLE, derandomize=True)
settings.register_profile(SEARCHING, derandomize=False, print_blob=True)
settings.load_profile(REPEATABLE)
