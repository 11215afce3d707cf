"""The topics that a test leaves on the shared broker."""


def delete_topics(bootstrap: str, prefix: str) -> None:
    """Deletes every topic whose name begins with the prefix, so that the shared broker stays small."""
    from kafka import KafkaAdminClient  # here, because unit tests load this module and the import takes 0.3 s

    assert prefix, "an empty prefix would delete every topic"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.delete_topics([name for name in admin.list_topics() if name.startswith(prefix)])
    finally:
        admin.close()
