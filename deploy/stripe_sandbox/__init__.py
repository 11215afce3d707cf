"""A Stripe that runs on this machine: the part of Stripe's API v1 that billing uses, with a journal of money on disk.

Start it with ``python -m deploy.stripe_sandbox``; the official SDK talks to it unmodified. See README.md.
"""
