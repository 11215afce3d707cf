"""How the shared broker is told of in one line: by the process that hosts it, and by whoever brings one of his own."""

from urllib.parse import quote, unquote, urlsplit

from pydantic import SecretStr

from shared.messaging.settings import KafkaSettings


def written(kafka: KafkaSettings) -> str:
    """`kafka://admin:password@host:port`, of the super user."""
    assert kafka.username
    assert kafka.password
    return f"kafka://{kafka.username}:{quote(kafka.password.get_secret_value(), safe='')}@{','.join(kafka.bootstrap)}"


def read(address: str) -> KafkaSettings:
    """What `written` wrote. The listener must be SASL_PLAINTEXT with SCRAM-SHA-512."""
    parts = urlsplit(address)
    user, _, servers = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    return KafkaSettings(
        bootstrap=tuple(servers.split(",")),
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-512",
        username=unquote(name),
        password=SecretStr(unquote(password)),
    )
