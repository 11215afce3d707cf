"""The stack in containers: the secrets of a compose project, and the project driven from Python."""
