"""The one exception a person sees: what is wrong with this machine, and its mend, in plain words."""


class Trouble(Exception):
    """Something outside the program stands in the way; the message says what, and how to mend it."""
