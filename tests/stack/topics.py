"""The topics that a test leaves on the shared broker."""

from shared.messaging.settings import KafkaSettings


def delete_topics(kafka: KafkaSettings) -> None:
    """Deletes every topic under these settings' prefix, so that the shared broker stays small."""
    from kafka import KafkaAdminClient  # here, because unit tests load this module and the import takes 0.3 s

    from shared.messaging.kafka.connection import connection

    assert kafka.prefix, "an empty prefix would delete every topic"
    admin = KafkaAdminClient(**connection(kafka, "tests"))
    try:
        admin.delete_topics([name for name in admin.list_topics() if name.startswith(kafka.prefix)])
    finally:
        admin.close()
