"""What a Kafka cluster must hold before a worker starts: topics, users and rights, all from the catalog."""
