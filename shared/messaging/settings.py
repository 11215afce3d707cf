"""What a worker is told by its environment. Every wrong or missing setting is reported at once; no value is printed.

Every setting may come in a file instead, named by `<NAME>_FILE` (environment.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.messaging.environment import Flaw, complaint, look_up
from shared.messaging.failures import SettingsProblem
from shared.messaging.tls import CA, CERTIFICATE, KEY, Tls

PREFIX = "REFILL_"
EXIT_CODE = 78  # EX_CONFIG of sysexits.h: a supervisor knows that starting again will not help

_HOST_AND_PORT = re.compile(r"[A-Za-z0-9_.\-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def _postgres_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        parts = {}
    # libpq's own complaint would quote the password.
    if not url.startswith(("postgresql://", "postgres://")) or not parts.get("host") or not parts.get("dbname"):
        raise ValueError("is not of the form postgresql://user:password@host:port/database")
    return value


def _bootstrap(value: str) -> str:
    if not all(_HOST_AND_PORT.fullmatch(server.strip()) for server in value.split(",")):
        raise ValueError("is not a list of host:port, separated by commas")
    return value


DATABASE_WANTED = (
    "the PostgreSQL address of the worker's role, like postgresql://billing_worker:...@127.0.0.1:5432/refill"
)
DatabaseUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
TopicPrefix = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{0,60}$")]
LogFormat = Literal["auto", "console", "json"]


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """How to reach Kafka and what to call things there. `prefix` stands before every topic and group name."""

    bootstrap: tuple[str, ...]
    prefix: str = ""
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    tls: Tls | None = None
    delivery_timeout_ms: int = 10_000
    poll_timeout_ms: int = 200
    max_poll_records: int = 500


class ClientSettings(BaseSettings):
    """What a program needs that only speaks to Kafka: the command line, the making of topics."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True
    )

    kafka_bootstrap: Annotated[str, AfterValidator(_bootstrap)] = Field(
        description="Kafka's bootstrap servers", examples=["127.0.0.1:9092"]
    )
    topic_prefix: TopicPrefix = Field("", description="what stands before every topic and group name")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how Kafka is spoken to"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, description="how the worker proves its name to Kafka"
    )
    kafka_username: str | None = Field(None, description="the worker's name at Kafka")
    kafka_password: SecretStr | None = Field(None, description="the worker's password at Kafka")
    kafka_ssl_ca_file: Path | None = Field(
        None, description="the certificates (PEM) of the authority that Kafka's certificate must come from"
    )
    kafka_ssl_certificate_file: Path | None = Field(
        None, description="the certificate (PEM) by which Kafka knows this program"
    )
    kafka_ssl_key_file: Path | None = Field(None, description="the private key (PEM) of that certificate")
    # Beyond 60 s a successor of a relay that died would wait longer than an overdue purchase may (O1).
    relay_delivery_timeout_ms: Annotated[int, Field(ge=1_000, le=60_000)] = Field(
        10_000, description="how long a send may take before the relay gives it up"
    )
    # Below 50 ms kafka-python's poll never joins its group (kafka-python 3.0.12, tried).
    poll_timeout_ms: Annotated[int, Field(ge=50, le=5_000)] = Field(200, description="how long one poll waits")
    # One transaction takes what one poll gives; above some thousands nothing is gained and a rollback costs more.
    max_poll_records: Annotated[int, Field(ge=1, le=5_000)] = Field(500, description="the most messages of one poll")

    @model_validator(mode="after")
    def _files_of_tls_fit(self) -> Self:
        tls = Tls(self.kafka_ssl_ca_file, self.kafka_ssl_certificate_file, self.kafka_ssl_key_file)
        given = [name for name, path in ((CA, tls.ca), (CERTIFICATE, tls.certificate), (KEY, tls.key)) if path]
        if given and not self._speaks_tls():
            raise ValueError(
                f"{', '.join(given)} given, but REFILL_KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}: "
                "SSL or SASL_SSL would use it"
            )
        if tls.key and not tls.certificate:
            raise ValueError(f"{KEY} is given without {CERTIFICATE}")
        if self._speaks_tls():
            tls.context()
        return self

    def _speaks_tls(self) -> bool:
        return self.kafka_security_protocol in ("SSL", "SASL_SSL")

    def kafka(self) -> KafkaSettings:
        """The part of the settings that the road to Kafka needs."""
        return KafkaSettings(
            bootstrap=tuple(server.strip() for server in self.kafka_bootstrap.split(",")),
            prefix=self.topic_prefix,
            security_protocol=self.kafka_security_protocol,
            sasl_mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_username,
            password=self.kafka_password,
            tls=Tls(self.kafka_ssl_ca_file, self.kafka_ssl_certificate_file, self.kafka_ssl_key_file)
            if self._speaks_tls()
            else None,
            delivery_timeout_ms=self.relay_delivery_timeout_ms,
            poll_timeout_ms=self.poll_timeout_ms,
            max_poll_records=self.max_poll_records,
        )


class WorkerSettings(ClientSettings):
    """What every worker needs; a service adds its own in a subclass in `services/<name>/settings.py`.

    The subclass says under which name its own database stands, for it alone may know that password:
    `database_url: DatabaseUrl = Field(validation_alias="REFILL_BILLING_DATABASE_URL", description=DATABASE_WANTED)`.
    A field's description and example are what the report on a missing one says.
    """

    database_url: DatabaseUrl = Field(description=DATABASE_WANTED)
    # A broker's restart takes some seconds, a machine's with everything on it about half a minute.
    start_patience_s: Annotated[int, Field(ge=0, le=3_600)] = Field(
        60, description="how long to wait at the start for servers and topics that are not there"
    )
    topic_partitions: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="partitions of every topic, in place of the catalog's number: for tests"
    )
    # What a supervisor grants between SIGTERM and SIGKILL is often 30 s; be done before.
    drain_timeout_s: Annotated[int, Field(ge=1, le=300)] = Field(15, description="how long stopping may take")
    log_format: LogFormat = Field("auto", description="how log lines look")
    # Several messages must fit into what the monitor takes for silence.
    figures_every_ms: Annotated[int, Field(ge=200, le=60_000)] = Field(
        5_000, description="how often the worker tells its figures"
    )
    ready_file: Path | None = Field(None, description="a file that says whether the worker is healthy")

    @model_validator(mode="after")
    def _a_name_has_its_proof(self) -> Self:
        protocol = self.kafka_security_protocol
        proof = (self.kafka_sasl_mechanism, self.kafka_username, self.kafka_password)
        names = "REFILL_KAFKA_SASL_MECHANISM, REFILL_KAFKA_USERNAME and REFILL_KAFKA_PASSWORD"
        if protocol.startswith("SASL_") and not all(proof):
            raise ValueError(f"REFILL_KAFKA_SECURITY_PROTOCOL is {protocol}: {names} are wanted too")
        if any(proof) and not protocol.startswith("SASL_"):
            raise ValueError(f"{names}: REFILL_KAFKA_SECURITY_PROTOCOL is {protocol}, only SASL_... would use them")
        return self


S = TypeVar("S", bound=BaseSettings)


def load_settings(settings_class: type[S]) -> S:
    """The settings from the environment and from the files it names.

    Raises `SettingsProblem` that names every wrong or missing variable, what is wrong with it and how to mend it.
    """
    values, unusable = _read(settings_class)
    told = [str(flaw) for flaw in unusable.values()]
    try:
        settings = settings_class(**values)
    except ValidationError as error:
        # Inputs and contexts may hold passwords: they are left out at the source.
        flaws = error.errors(include_input=False, include_context=False, include_url=False)
        # What a file was to say has been told already: here it looks missing, also to rules between settings.
        left = [flaw for flaw in flaws if flaw["loc"][:1] not in unusable and (flaw["loc"] or not unusable)]
        told += [_explain(settings_class, flaw["loc"], flaw["type"], flaw["msg"]) for flaw in left]
    if told:
        raise SettingsProblem(complaint(told)) from None
    return settings


def _read(settings_class: type[BaseSettings]) -> tuple[dict[str, Any], dict[tuple[str, ...], Flaw]]:
    """What the environment and its files say, as the class is given it; and what cannot be used, as pydantic places it.

    The environment alone is also read by pydantic itself: what we give comes before that.
    """
    values: dict[str, Any] = {}
    flaws: dict[tuple[str, ...], Flaw] = {}
    for name, field in settings_class.model_fields.items():
        variable = environment_name(name, field)
        key = variable if field.validation_alias else name
        try:
            value = look_up(variable)
        except Flaw as flaw:
            flaws[key,] = flaw
            continue
        if value is not None:
            values[key] = value
    return values, flaws


def environment_name(name: str, field: FieldInfo) -> str:
    """The environment variable of a field."""
    return field.validation_alias if isinstance(field.validation_alias, str) else f"{PREFIX}{name}".upper()


def _explain(settings_class: type[BaseSettings], place: tuple[Any, ...], kind: str, message: str) -> str:
    if not place:  # a rule between several settings
        return _plain(message)
    for name, field in settings_class.model_fields.items():
        variable = environment_name(name, field)
        if place[0] in (name, variable):
            wrong = "is missing" if kind == "missing" else _plain(message)
            example = f", for example {field.examples[0]}" if field.examples else ""
            return f"{variable} {wrong}; wanted: {field.description or name.replace('_', ' ')}{example}"
    return f"{place[0]} {_plain(message)}"


def _plain(message: str) -> str:
    for prefix in ("Value error, ", "Input ", "String "):
        message = message.removeprefix(prefix)
    return message
