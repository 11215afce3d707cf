"""Stripe's endpoints, one module per noun: parameters in, the object out. Which exist is in routes.py."""
