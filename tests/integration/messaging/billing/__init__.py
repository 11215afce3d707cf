"""A small service for the tests of a worker's process. It goes by billing's name, schema and roles."""
