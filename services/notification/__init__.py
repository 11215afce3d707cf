"""Tells people, in-app and by email, what happened to their requests, purchases and credits."""
