"""Who may do what at Kafka: what is expected, what is tried, and what the broker really lets happen."""
