"""The embedded stack: a real Kafka, a real PostgreSQL, the Stripe sandbox and a mail sink, without Docker or Java."""
