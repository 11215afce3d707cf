"""The `refill` command: a client of the topics like any other."""
