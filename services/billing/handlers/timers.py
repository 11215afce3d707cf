"""The kinds of clock work; each is about one request or one purchase, named by its id."""

from __future__ import annotations

REQUEST_EXPIRY = "request-expiry"  # alarm: 14 days after the request (A4)
UNPAID = "unpaid"  # alarm: 24 hours after the purchase was accepted (A4)
CHARGE = "charge"  # errand: call the processor for the attempt
SETTLE = "settle"  # errand: read the payment, by webhook or by poll
CANCEL = "cancel"  # errand: cancel the payment that stood unpaid too long
