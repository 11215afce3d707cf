"""The rules of credits, pure: no IO, no clock. What changes is a working copy that one transaction holds under lock."""
