"""The message runtime: what stands between Kafka, PostgreSQL and a service's handlers. It knows no business noun."""
