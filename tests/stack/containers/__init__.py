"""The tests' stack in containers: PostgreSQL, Kafka and our programs, with the interfaces of the embedded stack."""
