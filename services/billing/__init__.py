"""billing: requests, purchases and payments. The only service that knows the payment processor."""
