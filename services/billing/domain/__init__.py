"""The rules of buying and asking, pure: no IO, no clock, no random id."""
