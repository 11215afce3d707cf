"""What the sandbox remembers, one record per noun of Stripe's, and how each looks on the wire.

Records are frozen and flat; their methods are pure. `wire()` writes the object with every field that Stripe's
description requires (the classes of the SDK, generated from that description; a contract test compares them).
"""
