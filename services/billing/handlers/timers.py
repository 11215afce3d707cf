"""The kinds of clock work; each is about one request, purchase, refund or account,
named by its id."""

from __future__ import annotations

REQUEST_EXPIRY = "request-expiry"  # alarm: 14 days after the request (A4)
AUTO_TOP_UP = "auto-top-up"  # alarm: an account, as workspace/user, is looked at (B14)
UNPAID = "unpaid"  # alarm: 24 hours after the purchase was accepted (A4)
CHARGE = "charge"  # errand: call the processor for the attempt
SETTLE = "settle"  # errand: read the payment, by webhook or by poll
CANCEL = "cancel"  # errand: cancel the payment that stood unpaid too long
DISPUTES = "dispute"  # errand: read the disputes of a purchase's payment (B12)
MIRROR = "mirror"  # errand: read the refunds of a purchase's payment, for those made at the processor (B11)
REFUND = "refund"  # errand: have the processor refund, or read what became of it (B11)
RECONCILE = "reconcile"  # errand: one page, or one second look, of the comparison that is under way
RECONCILIATION = "reconciliation"  # alarm: the clock has the books compared
REVIEW = "review"  # errand: look at the processor for a parked payment, as an operator asked (B10)
